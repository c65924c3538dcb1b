import { defineConfig } from 'vite';

export default defineConfig({
  base: '/spa/',
  publicDir: false,
  build: {
    outDir: 'dist',
    target: 'es2022',
    // Nothing may become a data: URL, which the content security policy refuses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
