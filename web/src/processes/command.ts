// What a command line is about: the program's plain name and the source file that it works on.
// Command lines come joined by spaces, so that words are split there and quotes are not known.

const SOURCE = /\.(c|cc|cp|cpp|cxx|c\+\+|C|m|mm|M|i|ii|s|S|sx|asm|f|for|f77|f90|f95|f03|f08|F|F77|F90|F95|cu|cuh|h|hh|hpp|hxx|H|adb|ads|rs|java|kt|kts|scala|groovy|go|swift|zig|hs|lhs|ml|mli|cs|vb|pas|proto|y|yy|l|ll|vala|nim|cr|ts|tsx|idl|qml|ui|td|bc|pyx)$/;

/** Options of compilers whose value is the next word. */
const WITH_VALUE = new Set(
	(
		'-o -I -D -U -L -l -MF -MT -MQ -MJ -x -include -imacros -isystem -iquote -idirafter -iprefix -isysroot -imultilib ' +
		'-iwithprefix -iwithprefixbefore -imultiarch -arch -target -T -u -z -e -h -Xclang -Xlinker -Xassembler -Xpreprocessor ' +
		'-mllvm -main-file-name -dumpbase -dumpbase-ext -dumpdir -auxbase -auxbase-strip -resource-dir -triple ' +
		'-target-cpu -target-feature -mrelocation-model -fdebug-compilation-dir -coverage-notes-file -coverage-data-file ' +
		'-dependency-file -MD_FILE -diagnostic-log-file -internal-isystem -internal-externc-isystem -ferror-limit ' +
		'-aux-triple -plugin -soname -rpath -dynamic-linker --param -wrapper -specs -B ' +
		'-d -cp -classpath --class-path -sourcepath --source-path -processorpath --processor-path -p --module-path ' +
		'-processor -bootclasspath -encoding -source -target -release --release -h -s ' +
		'--crate-name --crate-type --edition --cfg --check-cfg --out-dir --extern --emit -C --cap-lints --error-format ' +
		'--json --color --sysroot -A -W -F'
	).split(' '),
);

/** Options that take a word in some programs, but a flag or a joined value in others. */
const NOT_FOR_C = new Set(['-d', '-p', '-s', '-C', '-W', '-A', '-h', '-e', '-release', '-source', '-target']);

const C_FAMILY = new Set(
	(
		'gcc g++ cc c++ clang clang++ clang-cl cc1 cc1plus cc1obj cc1objplus cc1d gdc gnat1 f951 gfortran flang flang-new cpp icc icpc icx icpx ' +
		'nvcc cicc cudafe++ tcc emcc em++ zapcc as gas nasm yasm llvm-as llc opt lto1 xgcc xg++ hipcc'
	).split(' '),
);
const WRAPPERS = new Set('ccache sccache distcc icecc env nice time libtool colorgcc gomacc rewrapper'.split(' '));
const OTHERS = new Set(
	(
		'rustc clippy-driver rustdoc javac ecj kotlinc scalac groovyc compile asm swiftc swift-frontend ghc ocamlc ocamlopt zig ' +
		'protoc flex bison yacc lex moc uic rcc valac nim dmd ldc2 mcs csc cython'
	).split(' '),
);
const SHELLS = new Set('sh bash dash zsh ksh ash'.split(' '));

/** cc1plus of x86_64-linux-gnu-gcc-12 or /usr/bin/clang++-15: without path, machine and version. */
export function commandProgram(word: string): string {
	const base = word.slice(word.lastIndexOf('/') + 1);
	const plain = base.replace(/-\d+(\.\d+)*$/, '').replace(/\.exe$/, '');
	const match = /^(?:[a-z0-9_]+-){2,4}(gcc|g\+\+|cc|c\+\+|cpp|gfortran|as|ld|ar|clang|clang\+\+|gnat1|gdc)$/.exec(plain);
	return match ? match[1]! : plain;
}

function normalize(path: string): string {
	const parts: string[] = [];
	for (const part of path.split('/')) {
		if (part === '.' || (part === '' && parts.length > 0)) continue;
		if (part === '..' && parts.length > 0 && parts[parts.length - 1] !== '..' && parts[parts.length - 1] !== '') parts.pop();
		else parts.push(part);
	}
	return parts.join('/');
}

const TEMPORARY = /^\/(var\/)?tmp\/(cc|lto|clang|rustc|[A-Za-z0-9_]+-[0-9a-f]{6,})[^/]*\.[a-z]+$/i;

/** D's own ending; for all others it is that of a list of dependencies, in cc1 a word of its own. */
const D_FAMILY = new Set(['dmd', 'ldc2', 'gdc', 'cc1d']);

function sourcesOf(words: readonly string[], isC: boolean, isD: boolean): string[] {
	const found: string[] = [];
	for (let i = 1; i < words.length; i++) {
		const word = words[i]!;
		if (word === '&&' || word === ';' || word === '||' || word === '|' || word.endsWith(';')) break;
		if (word.startsWith('-')) {
			if (WITH_VALUE.has(word) && !(isC && NOT_FOR_C.has(word))) i++;
			continue;
		}
		const plain = word.replace(/^['"]|['"]$/g, '');
		if ((SOURCE.test(plain) || (isD && plain.endsWith('.d'))) && !TEMPORARY.test(plain)) found.push(plain);
	}
	return found;
}

function goPackage(words: readonly string[]): string {
	const at = words.indexOf('-p');
	return at >= 0 && at + 1 < words.length ? `${words[at + 1]!}` : '';
}

/** More than this of a command line is not read: what matters comes earlier, and some are 128 KiB long. */
const READ = 16384;

/** The source file of a compiler's command line; '' where it has none or is no compiler. Of several, the
 *  first and how many more: 'A.java +41'. */
export function commandSource(cmdline: string): string {
	const words = cmdline.slice(0, READ).split(/\s+/).filter((word) => word !== '');
	return sourceOfWords(words, 0);
}

function sourceOfWords(words: readonly string[], depth: number): string {
	if (words.length < 2 || depth > 4) return '';
	const program = commandProgram(words[0]!);
	if (WRAPPERS.has(program) || SHELLS.has(program)) return sourceBehind(words, depth);
	const isC = C_FAMILY.has(program);
	if (!isC && !OTHERS.has(program)) return '';
	if (program === 'compile' || program === 'asm') {
		const name = goPackage(words);
		if (name !== '') return name;
	}
	const found = sourcesOf(words, isC, D_FAMILY.has(program));
	if (found.length === 0) return '';
	const first = normalize(found[0]!);
	return found.length === 1 ? first : `${first} +${found.length - 1}`;
}

/** The compiler that a wrapper or `sh -c` starts, if its line tells. */
function sourceBehind(words: readonly string[], depth: number): string {
	const shell = SHELLS.has(commandProgram(words[0]!));
	if (shell && !words.slice(1, 4).some((word) => /^-[a-z]*c$/.test(word))) return '';
	for (let i = 1; i < words.length; i++) {
		const program = commandProgram(words[i]!.replace(/^['"]/, ''));
		if (C_FAMILY.has(program) || OTHERS.has(program) || WRAPPERS.has(program))
			return sourceOfWords([program, ...words.slice(i + 1)], depth + 1);
	}
	return '';
}

/** These work for who started them, where they name no source of their own. */
const HELPER = /^\S*\/?(as|gas|cc1|cc1plus|collect2|ld|lto1|lto-wrapper|cc1obj|f951|clang|clang-\d+)(\s|$)/;

/** One row's source file: its own, else that of what started it (as and collect2 work for their gcc). */
export function commandSourceOf(cmdline: readonly string[], parent: Int32Array, row: number): string {
	for (let at = row; at >= 0; at = parent[at]!) {
		const source = commandSource(cmdline[at]!);
		if (source !== '' || !HELPER.test(cmdline[at]!))
			return source;
	}
	return '';
}

/** The same for all rows at once; `order` is processesOrder's: parents first. */
export function commandSources(cmdline: readonly string[], parent: Int32Array, order: Int32Array): string[] {
	const sources = new Array<string>(cmdline.length).fill('');
	const known = new Map<string, string>(); // the same text need not live 100,000 times
	for (const row of order) {
		const line = cmdline[row]!;
		let source = commandSource(line);
		const above = parent[row]!;
		if (source === '' && above >= 0 && HELPER.test(line)) source = sources[above]!;
		const same = known.get(source);
		if (same === undefined) known.set(source, source);
		sources[row] = same ?? source;
	}
	return sources;
}
