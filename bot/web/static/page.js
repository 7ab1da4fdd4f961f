"use strict";

// The page works without this: it only spares loading the whole page, and copies.

const announcer = document.querySelector("#status");
let loading = new AbortController();
let shown = location.href;

/** Says something to screen readers, and shows it for a moment if it is news to all. */
function say(text, isVisible = false) {
  announcer.classList.remove("visible");
  announcer.textContent = text;
  void announcer.offsetWidth; // so that the animation begins again
  announcer.classList.toggle("visible", isVisible);
}

/** Shows the page at an address without loading the rest again; returns whether it did. */
async function show(address, options = {}) {
  loading.abort();
  const { signal } = (loading = new AbortController());
  const main = document.querySelector("main");
  main.ariaBusy = "true";
  say(main.dataset.busy);
  try {
    const response = await fetch(address, { ...options, signal });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (!page.querySelector("#answer")) throw new Error("not our page");
    const wasOpen = document.querySelector(".more").open;
    for (const part of ["header", "main"]) {
      document.querySelector(part).replaceWith(page.querySelector(part));
    }
    document.querySelector(".more").open ||= wasOpen;
    document.title = page.title;
    say("");
    document.querySelector("#heading").focus(); // by which screen readers read it
    return response.url;
  } catch (error) {
    if (error.name === "AbortError") return null;
    main.ariaBusy = null;
    say(main.dataset.offline, true);
    return null;
  }
}

async function go(address, options) {
  const reached = await show(address, options);
  if (reached) {
    history[reached === location.href ? "replaceState" : "pushState"](null, "", reached);
    shown = location.href;
  }
}

/** Sets verse in another direction, and keeps that in the address and in all links. */
function setLayout(layout) {
  const change = (address) => {
    const url = new URL(address);
    if (layout === "horizontal") url.searchParams.delete("layout");
    else url.searchParams.set("layout", layout);
    return url.href;
  };
  document.querySelector("#answer").dataset.layout = layout;
  document.querySelector("[name=layout]").value = layout;
  for (const link of document.links) {
    if (link.dataset.set) link.ariaCurrent = link.dataset.set === layout ? "true" : null;
    else if (link.origin === location.origin && !link.hash) link.href = change(link.href);
  }
  history.replaceState(null, "", change(location.href));
  shown = location.href;
}

async function copy(text, said, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without HTTPS, or permission, browsers have no other way.
    const field = document.body.appendChild(document.createElement("textarea"));
    field.value = text;
    field.select();
    document.execCommand("copy");
    field.remove();
    button.focus();
  }
  say(said, true);
}

document.addEventListener("submit", (event) => {
  if (event.target.id !== "ask") return; // a picture, which the browser saves
  event.preventDefault();
  go(event.target.action, { method: "POST", body: new URLSearchParams(new FormData(event.target)) });
});

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-load], [data-set], [data-share], [data-copy]");
  if (!target || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  if ("load" in target.dataset) go(target.href);
  else if ("set" in target.dataset) setLayout(target.dataset.set);
  else if ("share" in target.dataset) copy(target.href, target.dataset.said, target);
  else copy(target.dataset.copy, target.dataset.said, target);
});

addEventListener("popstate", () => {
  const isOther = location.href.split("#")[0] !== shown.split("#")[0];
  shown = location.href;
  if (isOther) show(location.href);
});
