// The servers of one run: one database, and an API for each way to be set.
export const served = {
  audited: process.env.PICSHARE_GRAPHQL,
  "september-2026": process.env.PICSHARE_GRAPHQL_NEWEST,
};
// Trusted documents alone; access tokens that live six seconds.
export const trusting = process.env.PICSHARE_GRAPHQL_TRUSTING;
export const brief = process.env.PICSHARE_GRAPHQL_BRIEF;

export const socketOf = (url) => url.replace(/^http/, "ws");

// A fetch that tells of each request and its status.
export function watchedFetch() {
  const seen = [];
  const fetching = async (url, init) => {
    const response = await fetch(url, init);
    seen.push({ url: String(url), method: init?.method ?? "GET", body: init?.body, status: response.status });
    return response;
  };
  return { fetching, seen };
}
