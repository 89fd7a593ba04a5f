// Style sheets are bundled by esbuild; to the types they are nothing.
declare module '*.css';
