import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

const api = { target: "http://127.0.0.1:8765", ws: true };

export default defineConfig({
  plugins: [svelte()],
  // The built page is part of the Python package.
  build: { outDir: "../viralclip/page", emptyOutDir: true, target: "es2022", assetsInlineLimit: 0 },
  server: { proxy: { "/api": api } },
  test: { include: ["src/**/*.test.ts"], css: true },
});
