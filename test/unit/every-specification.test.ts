// The unit tests of every room: scripts/test-bundle.mjs makes one file of them, which jest loads in the place of this one.
export {};
