// node searching.mjs: from standard input the search's script, an index and queries; out come the places found, best first.
import {readFileSync} from "node:fs";
import {createContext, runInContext} from "node:vm";

const {script, index, queries} = JSON.parse(readFileSync(0, "utf-8")), heard = [];
let answered;
const scope = createContext({console, addEventListener: (_, each) => heard.push(each), postMessage: message => answered(message)});
scope.self = scope;
runInContext(script, scope);
const ask = data => new Promise(done => {
  answered = done;
  heard.forEach(each => each({data}));
});
await ask({type: 0, data: index});
const found = [];
for (const query of queries) {
  const {items} = (await ask({type: 2, data: query})).data;
  found.push(items.flat().map(({location, terms, text}) => [location, Object.keys(terms).filter(word => !terms[word]), text]));
}
console.log(JSON.stringify(found));
