// Imported before anything else, and written so that old versions of Node can read it.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `Curfew needs Node 20.19 or newer (22 or 24 recommended); this is Node ${process.versions.node}.`,
  );
  process.exit(1);
}
