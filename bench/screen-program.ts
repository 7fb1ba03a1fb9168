// What bench/screen.ts measures: the screen alone, on a timeline that nobody but this file fills. Begins as source/oddpod.ts does.
import module from 'node:module';
import {loadInk} from '../source/terminal/load-ink.ts';

module.enableCompileCache?.();
const {run} = await loadInk(() => import('./screen-app.tsx'));
const [pods = 0, scrapes = 0, updates = 0] = process.argv.slice(2).map(Number);
await run(pods, scrapes, updates);
