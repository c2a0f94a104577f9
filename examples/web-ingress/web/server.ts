// One part of the shop, by SHOP_PART: the storefront's page, the cart's API, or the docs. Node runs this file as it is.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { hostname } from 'node:os';

const part = process.env['SHOP_PART'] ?? 'storefront';
const items: string[] = [];
const MAX_ITEM_BYTES = 256;

const PAGE = `<!doctype html>
<title>Shop</title>
<h1>Shop</h1>
<button id="add">Add a pear</button>
<p>In the cart: <span id="count">?</span></p>
<script>
  const show = async (response) => {
    document.getElementById('count').textContent = (await response.json()).items.length;
  };
  document.getElementById('add').onclick = async () => show(await fetch('/cart/items', { method: 'POST', body: 'pear' }));
  fetch('/cart').then(show);
</script>
`;

type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

const parts: Record<string, Answer> = {
  storefront: (_, response) => void response.setHeader('content-type', 'text/html; charset=utf-8').end(PAGE),
  async cart(request, response) {
    if (request.method === 'POST') items.push(await readBody(request));
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ items }));
  },
  docs: (request, response) => void response.end(`docs: ${request.url} for ${request.headers['x-forwarded-proto']}\n`),
};

async function readBody(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body = (body + chunk).slice(0, MAX_ITEM_BYTES);
  return body;
}

const server = createServer(async (request, response) => {
  response.setHeader('x-part', part);
  response.setHeader('x-replica', hostname());
  if (request.url === '/healthz') return void response.end('ok\n');
  await parts[part]?.(request, response);
});
server.listen(8080);

// A pod that ends finishes what it has begun: endpoints learn of it a moment later.
process.on('SIGTERM', () => {
  setTimeout(() => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  }, 2000);
});
