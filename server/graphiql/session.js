// The session that the page's own requests use, kept until this browser tab closes.

const KEY = 'picshare:session';
const EARLY_MS = 10_000;
const REFRESH = `mutation RefreshSession($input: RefreshSessionInput!) {
  refreshSession(input: $input) {
    session { accessToken accessTokenExpiresAt refreshToken user { username } }
  }
}`;
const LOG_OUT = 'mutation LogOut { logOut { errors { message } } }';

const listeners = new Set();
let session = JSON.parse(sessionStorage.getItem(KEY));
let refreshing = null;

export const current = () => session;

export function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function remember(next) {
  session = next;
  if (next) sessionStorage.setItem(KEY, JSON.stringify(next));
  else sessionStorage.removeItem(KEY);
  listeners.forEach(listener => listener());
}

// Take over the session that an answer opens, and drop the one that it ends.
export function learn(answer) {
  const data = answer?.data ?? {};
  const opened = Object.values(data).find(field => field?.session?.accessToken)?.session;
  if (opened) remember({ ...opened, user: opened.user ?? session?.user });
  else if (data.logOut?.errors?.length === 0) remember(null);
}

// What to send for what the headers editor holds: a token typed there comes before the session's.
export async function headers(typed = {}) {
  const kept = Object.entries(typed).filter(([name, value]) => !isEmptyBearer(name, value));
  const isTyped = kept.some(([name]) => name.toLowerCase() === 'authorization');
  const token = isTyped ? null : await accessToken();
  return { ...Object.fromEntries(kept), ...(token && { Authorization: `Bearer ${token}` }) };
}

export async function signOut() {
  const token = await accessToken();
  if (token) await post({ query: LOG_OUT }, { Authorization: `Bearer ${token}` });
  remember(null);
}

function isEmptyBearer(name, value) {
  return name.toLowerCase() === 'authorization' && /^(bearer)?\s*$/i.test(value);
}

async function accessToken() {
  if (isRunningOut() && session.refreshToken) await (refreshing ??= refresh());
  return session?.accessToken;
}

function isRunningOut() {
  return Date.parse(session?.accessTokenExpiresAt) - EARLY_MS < Date.now();
}

// A refresh token works once, so requests that run at the same time share one refresh.
async function refresh() {
  try {
    const variables = { input: { refreshToken: session.refreshToken } };
    const answer = await post({ query: REFRESH, variables });
    remember(answer.data?.refreshSession?.session ?? null);
  } finally {
    refreshing = null;
  }
}

async function post(body, extra = {}) {
  const response = await fetch(location.pathname, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...extra },
    body: JSON.stringify(body),
  });
  return response.json();
}
