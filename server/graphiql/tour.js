// The panel of example operations; a click opens one in a tab of its own.

const h = React.createElement;
const { useEditorContext, useExecutionContext } = GraphiQL.React;

export function variablesText(example) {
  return Object.keys(example.variables).length ? JSON.stringify(example.variables, null, 2) : '';
}

// Opens an example: its tab if there is one, else a new one.
function useOpen() {
  const editor = useEditorContext({ nonNull: true });
  const { stop } = useExecutionContext({ nonNull: true });
  const [added, setAdded] = React.useState(null);

  React.useEffect(() => {
    if (!added) return;
    editor.queryEditor.setValue(added.document);
    editor.variableEditor.setValue(variablesText(added));
    document.querySelector('.graphiql-tab-active')?.scrollIntoView({ inline: 'end' });
    setAdded(null);
  }, [added]);

  function open(example) {
    const index = editor.tabs.findIndex(tab => tab.title === example.name);
    if (index === editor.activeTabIndex) return;
    stop();
    if (index >= 0) return editor.changeTab(index);
    editor.addTab();
    setAdded(example);
  }
  // Within the click React would replay the new, empty tab after other pending changes of the
  // tabs, and that would empty the editors again. After it, the changes keep their order.
  return example => setTimeout(open, 0, example);
}

function Entry({ example, isActive, open }) {
  return h('li', { className: example.kind },
    h('button', { type: 'button', className: isActive ? 'active' : '', onClick: () => open(example) },
      h('span', { className: 'kind' }, example.kind),
      h('span', { className: 'name' }, example.name),
      h('span', { className: 'summary' }, example.summary)));
}

function Panel({ examples }) {
  const { tabs, activeTabIndex } = useEditorContext({ nonNull: true });
  const open = useOpen();
  const title = tabs[activeTabIndex].title;
  return h('section', { className: 'tour', 'aria-label': 'Examples' },
    h('div', { className: 'graphiql-doc-explorer-title' }, 'Examples'),
    h('ol', null, examples.map(example =>
      h(Entry, { key: example.name, example, isActive: example.name === title, open }))));
}

function Icon() {
  const book = 'M10 5c-2-1.7-4.5-2-7.5-2v12c3 0 5.5.3 7.5 2 2-1.7 4.5-2 7.5-2V3c-3 0-5.5.3-7.5 2zm0 0v12';
  return h('svg', { viewBox: '0 0 20 20', fill: 'none', stroke: 'currentColor', strokeWidth: 1.5 },
    h('path', { d: book }));
}

export function tourPlugin(examples) {
  return { title: 'Examples', icon: Icon, content: () => h(Panel, { examples }) };
}
