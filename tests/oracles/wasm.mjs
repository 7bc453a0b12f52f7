// Runs a script of PHP in one version of PHP, compiled to WebAssembly: VERSION FOLDER SCRIPT QUESTIONS.
// `versions.py` copies it beside the packages that it imports.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { PHP } from "@php-wasm/universal";
import { loadNodeRuntime } from "@php-wasm/node";

const [version, folder, script, questions] = process.argv.slice(2);
const php = new PHP(await loadNodeRuntime(version, { emscriptenOptions: { processId: 1 } }));
php.mkdir("/scripts");
for (const file of readdirSync(folder).filter((name) => name.endsWith(".php"))) {
  php.writeFile(`/scripts/${file}`, readFileSync(join(folder, file)));
}
php.writeFile("/questions", readFileSync(questions));
const code = `<?php define('STDIN', fopen('/questions', 'r')); error_reporting(E_ERROR); ini_set('display_errors', 'stderr'); require '/scripts/${script}';`;
const done = await php.run({ code }).catch(({ response }) => response); // a script that ends by an error
process.stderr.write(done.errors);
process.stdout.write(done.text, () => process.exit(done.exitCode));
