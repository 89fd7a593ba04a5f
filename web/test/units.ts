// What tests/web/modules.test.mjs looks at without a browser, as one module.
export { Page, upperBound, windowOf } from '../src/data';
export { bytes, cores, count, duration, moment, momentOf, number, percent, quantity } from '../src/format';
export { timeTicks, valueScale } from '../src/ticks';
export { plansOf } from '../src/monitor-plans';
export { fallbacksOf, migrationOf, ordersOf } from '../src/special-series';
export { shown } from '../src/dom';
export { colorsOf, majorColors, hueOf } from '../src/theme';
export { gridOf, meanOf, onGrid, stepOf, sumOf } from '../src/compare/overlay';
export { figureOf, onlyIn, ranked } from '../src/compare/rank';
export { amountText, changeText, intervalText, nameOf, sentence, surenessText, valueText } from '../src/compare/words';
export { partsOf } from '../src/sweep-parts';
export { perInterval } from '../src/compare/migration';
export { lanes } from '../src/compare/repeats';
export { columnsOf, fillColumn, sumsOf } from '../src/stack-columns';
export { texts } from '../src/i18n';
export { signalName } from '../src/processes/words';
