import * as session from './session.js';
import { tourPlugin, variablesText } from './tour.js';

const h = React.createElement;
const HEADERS = JSON.stringify({ Authorization: 'Bearer ' }, null, 2);

const send = GraphiQL.createFetcher({
  url: location.pathname,
  subscriptionUrl: location.origin.replace(/^http/, 'ws') + location.pathname,
  enableIncrementalDelivery: false,
});

async function fetcher(request, options) {
  const headers = await session.headers(options?.headers);
  const answer = await send(request, { ...options, headers });
  session.learn(answer);
  return answer;
}

function Session() {
  const open = React.useSyncExternalStore(session.subscribe, session.current);
  if (!open) return h('span', { className: 'session' }, 'Not signed in');
  return h('span', { className: 'session open' },
    `Signed in as ${open.user?.username ?? 'a user'}`,
    h('button', { type: 'button', onClick: session.signOut }, 'Sign out'));
}

function Logo() {
  return h('div', { className: 'logo' },
    h(Session), h('img', { src: '/graphiql/icon.svg', alt: '' }), 'PicShare API');
}

const examples = await (await fetch('/graphiql/examples.json')).json();

const page = h(GraphiQL, {
  fetcher,
  plugins: [tourPlugin(examples), GraphiQLPluginExplorer.explorerPlugin()],
  visiblePlugin: 'Examples',
  defaultQuery: '# Ctrl-Space lists what can stand here.\n',
  defaultTabs: [{ query: examples[0].document, variables: variablesText(examples[0]), headers: HEADERS }],
  defaultHeaders: HEADERS,
  defaultEditorToolsVisibility: 'variables',
}, h(GraphiQL.Logo, null, h(Logo)));

ReactDOM.createRoot(document.getElementById('graphiql')).render(page);
