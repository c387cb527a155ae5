// Plain old JavaScript on purpose: it must run far enough on any Node.js to say that it is too old.
"use strict";
var parts = process.versions.node.split(".").map(Number);
if (parts[0] < 22 || (parts[0] === 22 && parts[1] < 19)) {
  process.stderr.write(
    "kubectl-clouder: needs Node.js 22.19 or newer, found " +
      process.versions.node +
      "; install a newer one\n",
  );
  process.exit(1);
}
require("module").enableCompileCache();
var entry = process.argv.splice(2, 1)[0];
import(require("path").join(__dirname, "..", "dist", "plugin", "cli", entry + ".js"));
