"""The engine of the site: Python in a web worker, which runs `explain` and the lessons in the reader's own page.

`build` puts it together; `worker.mjs` and the modules below `inside` run in the browser.
"""
