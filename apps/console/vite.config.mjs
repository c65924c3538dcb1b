import { defineConfig } from 'vite';

export default defineConfig({
  base: '/console/',
  publicDir: false,
  build: {
    outDir: 'dist',
    target: 'es2022',
    // Nothing may become a data: URL, which the content security policy refuses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      // "use client" is for servers that render; here everything is in the browser.
      onLog: (level, log, say) => log.code !== 'MODULE_LEVEL_DIRECTIVE' && say(level, log),
    },
    // For the test of the budget: which parts come with the first page.
    manifest: 'manifest.json',
  },
});
