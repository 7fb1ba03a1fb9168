// What bench/screen.ts measures: the screen alone, on a timeline that nobody but this file fills. Begins as source/oddpod.ts does.
import module from 'node:module';
import {loadInk} from '../source/terminal/load-ink.ts';

module.enableCompileCache?.();
const {run} = await loadInk(() => import('./screen-app.tsx'));
await run(Number(process.argv[2]), Number(process.argv[3]));
