// `node build.mjs` bundles the program into dist/, which runs without node_modules; `node build.mjs test` bundles the tests into .test/,
// `node build.mjs bench` the program that bench/screen.ts measures into .bench/, as it would be in dist/.
import {chmodSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {build} from 'esbuild';

const test = process.argv[2] === 'test';
const bench = process.argv[2] === 'bench';
const outdir = test ? '.test' : bench ? '.bench' : 'dist';
const {version} = JSON.parse(readFileSync('package.json', 'utf8'));

/** Ink imports react-devtools-core only when DEV=true, which the define below rules out. */
const noDevtools = {
	name: 'no-devtools',
	setup({onResolve, onLoad}) {
		onResolve({filter: /^react-devtools-core$/}, ({path}) => ({path, namespace: 'empty'}));
		onLoad({filter: /./, namespace: 'empty'}, () => ({contents: 'export default {}'}));
	},
};

/** Ink's frames are put together by source/terminal/output.ts, which asks Ink's own for all that is not simple: docs/decisions/terminal.md */
const quickOutput = {
	name: 'quick-output',
	setup({onResolve}) {
		onResolve({filter: /^\.\/output\.js$/}, ({importer}) =>
			/[\\/]ink[\\/]build[\\/]renderer\.js$/.test(importer) ? {path: path.resolve('source/terminal/output.ts')} : undefined,
		);
	},
};

/**
 * Of client-node the program uses KubeConfig and its agents, no requests: what makes those (its own undici, a class for each kind of
 * object, OpenID Connect; 1.2 MB) can never run here, and would be loaded with it.
 */
const configurationAlone = {
	name: 'configuration-alone',
	setup({onResolve, onLoad}) {
		onResolve({filter: /^(undici|openid-client|\.\/gen\/.*|\.\/middleware\.js)$/}, ({path, importer}) =>
			/[\\/]client-node[\\/]dist[\\/](config|oidc_auth)\.js$/.test(importer) ? {path, namespace: 'never-run'} : undefined,
		);
		onLoad({filter: /./, namespace: 'never-run'}, () => ({contents: 'module.exports = {}', loader: 'js'}));
	},
};

/**
 * An `import` of a built-in module asks for each of its exports, and some of those load far more when they are asked for: `http.WebSocket`
 * all of undici and http2, 45 ms and 13 MB. `require` asks for none.
 */
const requiredBuiltins = {
	name: 'required-builtins',
	setup({onResolve, onLoad}) {
		onResolve({filter: /^(node:)?(http|crypto)$/}, ({path, kind}) =>
			kind === 'import-statement' ? {path: path.replace(/^(node:)?/, 'node:'), namespace: 'required'} : undefined,
		);
		onLoad({filter: /./, namespace: 'required'}, ({path}) => ({contents: `module.exports = require('${path}')`, loader: 'js'}));
	},
};

/** Tests find what lies beside them from where they were written, not from where they are bundled. */
const testsStayInPlace = {
	name: 'tests-stay-in-place',
	setup({onLoad}) {
		onLoad({filter: /[\\/](?:test|recordings)[\\/].*\.tsx?$/}, ({path: file}) => ({
			contents: readFileSync(file, 'utf8').replaceAll('import.meta.dirname', JSON.stringify(path.dirname(file))),
			loader: file.endsWith('x') ? 'tsx' : 'ts',
		}));
	},
};

const {metafile} = await build({
	entryPoints: test
		? ['test/property-seed.ts', ...globSync('test/**/*.test.{ts,tsx}', {exclude: ['test/cluster/**']})]
		: [bench ? 'bench/screen-program.ts' : 'source/oddpod.ts'],
	outdir,
	outbase: test ? 'test' : bench ? 'bench' : 'source',
	bundle: true,
	splitting: true, // what a command does not need is not loaded: client-node above all
	platform: 'node',
	external: ['@lydell/node-pty'],
	format: 'esm',
	target: 'node22.19',
	jsx: 'automatic',
	minify: !test,
	sourcemap: test ? 'linked' : false,
	legalComments: 'none', // the licences stand in dist/licenses.txt
	metafile: true,
	define: {
		'process.env.NODE_ENV': '"production"', // React's development build costs a third of a frame
		'process.env.DEV': '"false"',
		__VERSION__: JSON.stringify(version),
	},
	banner: {js: "import {createRequire as __createRequire} from 'node:module';const require=__createRequire(import.meta.url);"},
	// Ink's own dependency, with a fast way for what this screen is made of: docs/decisions/terminal.md
	alias: {'string-width': './source/terminal/string-width.ts'},
	plugins: [noDevtools, quickOutput, configurationAlone, requiredBuiltins, ...(test ? [testsStayInPlace] : [])],
	logLevel: 'warning',
});

// What an earlier build left is taken away afterwards: whoever runs the program meanwhile finds all of it.
const made = new Set(Object.keys(metafile.outputs).map(file => path.normalize(file)));
for (const file of globSync('**/*.js{,.map}', {cwd: outdir})) if (!made.has(path.join(outdir, file))) rmSync(path.join(outdir, file));

if (!test && !bench) {
	chmodSync('dist/oddpod.js', 0o755);
	writeFileSync('dist/package.json', '{"type": "module"}\n');
	writeFileSync('dist/licenses.txt', licenses(Object.keys(metafile.inputs)));
	if (existsSync('recordings/shop.jsonl.gz')) {
		mkdirSync('dist/recordings', {recursive: true});
		writeFileSync('dist/recordings/shop.jsonl.gz', readFileSync('recordings/shop.jsonl.gz'));
	}
}

/** The licence texts of every package of which at least one file is in the bundle. */
function licenses(inputs) {
	const packages = new Set(inputs.map(input => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[0]).filter(Boolean));
	return [...packages]
		.sort()
		.map(folder => {
			const {name, version, license} = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
			const [file] = globSync('{licen[sc]e,LICEN[SC]E}*', {cwd: folder});
			const text = file
				? readFileSync(path.join(folder, file), 'utf8').trim()
				: `(no licence file in the package; its package.json says ${license})`;
			return `${name} ${version} (${license})\n\n${text}\n`;
		})
		.join(`\n${'-'.repeat(80)}\n\n`);
}
