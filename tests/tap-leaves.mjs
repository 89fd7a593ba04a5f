// node's TAP nests: a file, its suites, their tests. Prints the leaves only, as flat TAP, so that
// make check counts tests and not the boxes around them.
import { readFileSync } from 'node:fs';

const lines = readFileSync(0, 'utf8').split('\n');
const indent = (line) => line.length - line.trimStart().length;
const point = /^\s*(not )?ok \d+( - .*)?$/;
let n = 0;

// A test point closes a box when a plan line stands one level deeper right before it.
let deeper = -1;
for (const line of lines) {
	const plan = /^(\s*)1\.\.\d+$/.exec(line);
	if (plan) {
		deeper = plan[1].length;
		continue;
	}
	if (!point.test(line)) {
		if (!line.trim().startsWith('#') || !/^\s*# (Subtest|tests|suites|pass|fail|cancelled|skipped|todo|duration_ms)/.test(line))
			console.log('# ' + line.trim());
		continue;
	}
	const isBox = deeper >= 0 && deeper === indent(line) + 4;
	deeper = -1;
	if (isBox)
		continue;
	n++;
	console.log(line.trim().replace(/ok \d+/, `ok ${n}`));
}
console.log(`1..${n}`);
