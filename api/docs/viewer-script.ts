/** What the page of documents does in a browser: it draws `/openapi.json` and sends what its reader tries. Plain script. */
export const VIEWER_SCRIPT = String.raw`'use strict';
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
let api;

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (value !== false && value !== undefined) made.setAttribute(key, value === true ? '' : value);
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

function resolve(schema) {
  if (!schema || !schema.$ref) return { schema: schema || {}, name: '' };
  const name = schema.$ref.split('/').pop();
  return { schema: api.components.schemas[name] || {}, name };
}

function typeOf(schema) {
  const found = resolve(schema);
  if (found.name) return found.name;
  if (found.schema.enum) return found.schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (found.schema.type === 'array') return 'array of ' + typeOf(found.schema.items);
  const type = [].concat(found.schema.type || 'anything').join(' or ');
  return found.schema.format ? type + ' (' + found.schema.format + ')' : type;
}

function limitsOf(schema) {
  const names = ['minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems', 'pattern'];
  return names.filter((name) => schema[name] !== undefined).map((name) => name + ' ' + schema[name]).join(', ');
}

function fieldsOf(given, depth) {
  const { schema, name } = resolve(given);
  if (schema.type === 'array') return fieldsOf(schema.items, depth);
  if (!schema.properties) return undefined;
  const rows = Object.entries(schema.properties).map(([field, inner]) => {
    const isRequired = (schema.required || []).includes(field);
    const below = depth < 3 ? fieldsOf(inner, depth + 1) : undefined;
    const text = [resolve(inner).schema.description, limitsOf(inner)].filter(Boolean).join('; ');
    return element('tr', {},
      element('td', {}, element('code', {}, field), isRequired ? element('b', { title: 'required' }, ' *') : ''),
      element('td', {}, element('code', { class: 'type' }, typeOf(inner))),
      element('td', {}, text, below ? element('details', {}, element('summary', {}, 'fields'), below) : ''));
  });
  return element('table', { 'aria-label': name || 'fields' }, element('tbody', {}, ...rows));
}

function exampleOf(given, depth) {
  const { schema } = resolve(given);
  if (schema.examples) return schema.examples[0];
  if (schema.enum) return schema.enum.find((value) => value !== '') ?? '';
  if (schema.type === 'array') return depth > 3 ? [] : [exampleOf(schema.items, depth + 1)];
  if (schema.type === 'object') {
    const all = Object.entries(schema.properties || {});
    const wanted = depth > 0 || !schema.required ? all : all.filter(([name]) => schema.required.includes(name));
    return Object.fromEntries(wanted.map(([name, inner]) => [name, exampleOf(inner, depth + 1)]));
  }
  if (schema.type === 'integer' || schema.type === 'number') return schema.minimum || 0;
  return schema.type === 'boolean' ? false : '';
}

function contentOf(part) {
  const [type, content] = Object.entries((part && part.content) || {})[0] || [];
  return { type, schema: content && content.schema };
}

function answers(operation) {
  const rows = Object.entries(operation.responses || {}).map(([status, response]) => {
    const { type, schema } = contentOf(response);
    const fields = schema ? fieldsOf(schema, 1) : undefined;
    return element('div', {}, element('b', {}, status), ' ' + response.description + ' ',
      element('code', { class: 'type' }, schema ? type + ': ' + typeOf(schema) : ''),
      fields ? element('details', {}, element('summary', {}, 'fields'), fields) : '');
  });
  return element('section', {}, element('h4', {}, 'Answers'), ...rows);
}

async function tryOut(form, method, path, operation, output) {
  const query = new URLSearchParams();
  let url = path;
  for (const parameter of operation.parameters || []) {
    const value = form.elements[parameter.in + ' ' + parameter.name].value;
    if (parameter.in === 'path') url = url.replace('{' + parameter.name + '}', encodeURIComponent(value));
    else if (value !== '') query.set(parameter.name, value);
  }
  const credential = document.getElementById('credential').value.trim();
  const headers = credential ? { authorization: 'Bearer ' + credential } : {};
  const options = { method: method.toUpperCase(), headers };
  if (form.elements.body && form.elements.body.value.trim()) {
    headers['content-type'] = 'application/json';
    options.body = form.elements.body.value;
  }
  output.textContent = '…';
  try {
    const response = await fetch(url + (query.size ? '?' + query : ''), options);
    const type = response.headers.get('content-type') || '';
    let text = '(' + type + ')';
    if (/json|text/.test(type)) text = await response.text();
    if (type.includes('json') && text) text = JSON.stringify(JSON.parse(text), null, 2);
    output.textContent = response.status + ' ' + response.statusText + '\n' + text;
  } catch (error) {
    output.textContent = String(error);
  }
}

function trial(method, path, operation, body) {
  const output = element('pre', { 'aria-live': 'polite' });
  const inputs = (operation.parameters || []).map((parameter) =>
    element('label', {}, parameter.name + (parameter.required ? ' *' : ''),
      element('input', { name: parameter.in + ' ' + parameter.name, placeholder: parameter.description || typeOf(parameter.schema) })));
  if (body) {
    const area = element('textarea', { name: 'body', rows: '8', spellcheck: 'false' });
    area.value = JSON.stringify(exampleOf(body, 0), null, 2);
    inputs.push(element('label', {}, 'body', area));
  }
  const form = element('form', { onsubmit: (event) => {
    event.preventDefault();
    void tryOut(form, method, path, operation, output);
  } }, ...inputs, element('button', {}, 'Send'));
  return element('section', {}, element('h4', {}, 'Try it'), form, output);
}

function drawn(method, path, operation) {
  const details = element('details', { class: 'operation', 'data-text': (method + ' ' + path + ' ' + operation.summary).toLowerCase() },
    element('summary', {}, element('span', { class: 'method ' + method }, method.toUpperCase()), element('code', {}, path),
      element('span', { class: 'summary' }, operation.summary || '')));
  details.addEventListener('toggle', () => {
    if (!details.open || details.children.length > 1) return;
    const { schema } = contentOf(operation.requestBody);
    const fields = schema ? fieldsOf(schema, 0) : undefined;
    details.append(element('div', { class: 'inside' },
      operation.security && operation.security.length === 0 ? element('p', {}, 'Needs no credential.') : '',
      fields ? element('section', {}, element('h4', {}, 'Body'), fields) : '',
      answers(operation), trial(method, path, operation, schema)));
  });
  return details;
}

function draw() {
  document.title = api.info.title + ' API';
  const groups = new Map();
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of METHODS.filter((name) => item[name])) {
      const tag = (item[method].tags || ['process'])[0];
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(drawn(method, path, item[method]));
    }
  }
  const main = document.getElementById('operations');
  main.replaceChildren(...[...groups].map(([tag, operations]) =>
    element('section', { id: tag, class: 'tag' }, element('h2', {}, tag), ...operations)));
  document.getElementById('filter').addEventListener('input', (event) => {
    const wanted = event.target.value.toLowerCase();
    for (const operation of document.querySelectorAll('.operation')) operation.hidden = !operation.dataset.text.includes(wanted);
    for (const group of document.querySelectorAll('.tag')) group.hidden = !group.querySelector('.operation:not([hidden])');
  });
}

fetch('/openapi.json').then((response) => response.json()).then((document_) => {
  api = document_;
  draw();
}, (error) => {
  document.getElementById('operations').textContent = 'The document of the API could not be read: ' + error;
});
`;
