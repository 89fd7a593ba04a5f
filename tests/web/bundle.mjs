// The page's script and style for its tests: made once for all of them (types checked, as web/build.sh does)
// and kept beside the packages under a name that says of which sources, so that it is never an older one.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const web = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'web');
const kept = join(web, 'node_modules', '.bundles-of-vigia');

function nameOf() {
	const hash = createHash('sha256');
	const files = readdirSync(join(web, 'src'), { recursive: true, withFileTypes: true }).filter((one) => one.isFile()).map((one) => join(one.parentPath ?? one.path, one.name));
	for (const file of [...files.sort(), ...['build.sh', 'package-lock.json', 'tsconfig.json'].map((name) => join(web, name))])
		hash.update(file).update('\0').update(readFileSync(file)).update('\0');
	return hash.digest('hex').slice(0, 32);
}

function make(place) {
	// Not in node_modules yet: npm empties that first where packages are missing.
	const work = mkdtempSync(join(tmpdir(), 'vigia-bundle.')), near = `${place}.${process.pid}`;
	const made = spawnSync('sh', [join(web, 'build.sh'), work], { encoding: 'utf8' });
	try {
		if (made.status === 3)
			return 'the packages of web/ could not be fetched (is there a network?)';
		if (made.status !== 0)
			throw new Error(`web/build.sh: ${made.stdout}${made.stderr}`);
		mkdirSync(kept, { recursive: true });
		for (const old of readdirSync(kept))
			if (!old.includes('.'))
				rmSync(join(kept, old), { recursive: true, force: true });
		cpSync(work, near, { recursive: true });
		renameSync(near, place);
		return false;
	} finally {
		rmSync(work, { recursive: true, force: true });
	}
}

/** The folder of report.js and report.css, or why there is none. */
export function bundle() {
	const place = join(kept, nameOf());
	const missing = existsSync(join(place, 'report.css')) && existsSync(join(web, 'node_modules', '.lock-of-vigia')) ? false : make(place);
	return { place, missing };
}
