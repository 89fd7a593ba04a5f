// What tests/web/processes.test.mjs tests without a browser.
export * from '../src/processes/alive-at';
export * from '../src/processes/chain';
export * from '../src/processes/command';
export * from '../src/processes/core-use';
export * from '../src/processes/first-fit';
export * from '../src/processes/group';
export * from '../src/processes/idle-facts';
export * from '../src/processes/lane-index';
export * from '../src/processes/layout';
export * from '../src/processes/model';
export * from '../src/processes/query';
