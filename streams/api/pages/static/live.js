// Keeps a page fresh: what the server sends when a story changes is only that it has; the page is then fetched anew.
"use strict";
(() => {
  const region = document.getElementById("region");
  const state = document.querySelector("[data-live-state]");
  if (!region || !region.dataset.live || !window.EventSource) return;

  // At most one look in so many milliseconds; and since the pages lag a moment behind the stream, again after the last event.
  const LOOK = 500, LATER = [2000, 6000], EVERY = 60000;
  let source = null, next = null, later = [], fetching = false, again = false;

  const say = (text, away) => {
    const shown = document.querySelector("[data-live-state]");
    if (!shown) return;
    shown.hidden = false;
    shown.textContent = text;
    shown.classList.toggle("away", Boolean(away));
  };

  const versions = (root) =>
    new Map([...root.querySelectorAll("[data-story]")].map((card) => [card.dataset.story, card.dataset.version]));

  const swap = (fresh) => {
    const known = versions(region);
    const focused = document.activeElement && region.contains(document.activeElement)
      ? document.activeElement.getAttribute("href") : null;
    const open = new Set([...region.querySelectorAll("details")].flatMap((d, n) => (d.open ? [n] : [])));
    region.replaceChildren(...fresh.childNodes);
    region.querySelectorAll("details").forEach((d, n) => { d.open = open.has(n); });
    if (focused) {
      const target = [...region.querySelectorAll("a")].find((a) => a.getAttribute("href") === focused);
      if (target) target.focus({ preventScroll: true });
    }
    for (const card of region.querySelectorAll("[data-story]")) {
      if (known.get(card.dataset.story) !== card.dataset.version) card.classList.add("fresh");
    }
  };

  const refresh = async () => {
    if (fetching) { again = true; return; }
    fetching = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById("region");
        if (fresh && fresh.innerHTML !== region.dataset.last) {
          region.dataset.last = fresh.innerHTML;
          swap(fresh);
        }
        if (source && source.readyState === EventSource.OPEN) say("Live");
      }
    } catch { /* the stream says that the server is away */ }
    fetching = false;
    if (again) { again = false; refresh(); }
  };

  const soon = () => {
    if (next === null) next = setTimeout(() => { next = null; refresh(); }, LOOK);
    later.forEach(clearTimeout);
    later = LATER.map((after) => setTimeout(refresh, after));
  };

  const open = () => {
    if (source) return;
    source = new EventSource(region.dataset.live);
    source.addEventListener("open", () => say("Live"));
    source.addEventListener("story", soon);
    source.addEventListener("error", () => {
      say("Waiting for the server", true);
      // A refusal ends an EventSource for good: begin anew in a while.
      if (source && source.readyState === EventSource.CLOSED) { close(); setTimeout(wake, 5000); }
    });
  };
  const close = () => { if (source) source.close(); source = null; };
  // A hidden page keeps no connection: browsers have six for a server, whatever the number of tabs.
  const wake = () => { if (document.hidden) close(); else { open(); refresh(); } };

  document.addEventListener("visibilitychange", wake);
  setInterval(() => { if (!document.hidden) refresh(); }, EVERY);
  open();
  soon();
})();
