/** How the page of documents looks, in light and dark. */
export const VIEWER_STYLE = `:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 70rem; padding: 1rem; }
header { display: flex; flex-wrap: wrap; gap: 1rem; align-items: baseline; }
header h1 { margin: 0; font-size: 1.5rem; }
h2 { border-bottom: 1px solid var(--line); font-size: 1.15rem; margin: 1.5rem 0 .5rem; }
h4 { margin: 1rem 0 .3rem; }
code, pre, textarea, input { font: 13px/1.5 ui-monospace, monospace; }
summary { cursor: pointer; }
.operation { border: 1px solid var(--line); border-radius: 6px; margin: .3rem 0; }
.operation > summary { display: flex; flex-wrap: wrap; gap: .8rem; padding: .4rem .6rem; }
.method { border-radius: 4px; color: #fff; font: 700 12px/1.7 ui-monospace, monospace; text-align: center; width: 4.5rem; }
.get { background: #2b6cb0; } .post { background: #2f855a; } .put, .patch { background: #b7791f; } .delete { background: #c53030; }
.summary { opacity: .8; }
.inside { border-top: 1px solid var(--line); padding: 0 .8rem .8rem; }
table { border-collapse: collapse; width: 100%; }
td { border-top: 1px solid var(--line); padding: .2rem .6rem .2rem 0; vertical-align: top; overflow-wrap: anywhere; }
.type { opacity: .75; overflow-wrap: anywhere; }
label { display: block; margin: .4rem 0; }
input, textarea { box-sizing: border-box; display: block; padding: .3rem; width: 100%; }
header label { margin: 0; flex: 1; min-width: 15rem; }
button { padding: .3rem 1.2rem; }
pre { background: var(--soft); margin: .5rem 0 0; max-height: 30rem; overflow: auto; padding: .5rem; white-space: pre-wrap; }
pre:empty { display: none; }
`;
