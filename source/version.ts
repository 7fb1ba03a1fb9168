declare const __VERSION__: string;

/** Of package.json, put in by build.mjs; `0.0.0` where the source runs unbuilt. */
export const VERSION: string = typeof __VERSION__ === 'undefined' ? '0.0.0' : __VERSION__;
