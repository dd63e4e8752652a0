/** The number of comments of other pages, for lists of articles. */

import { ask } from './client'

const most = 100
const longest = 6000 // characters of one address: proxies refuse long ones

/** Places are collected for this long, in milliseconds, and filled with one request. */
const collect = 100

/** The page whose count each place shows. */
let filled = new WeakMap<Element, string>()

let waiting = 0

/** Fills all places again when the page or the connection returns. */
let again: (() => void) | null = null

/**
 * Fills new elements with data-aitys-count, debounced. Here returns the address of the current page.
 */
export function fill(base: string, site = '', here: () => string): void {
  if (waiting) return
  waiting = setTimeout(
    () => {
      waiting = 0
      void fillCounts(base, site, here)
    },
    again ? collect : 0,
  )
  if (again) return
  again = () => {
    filled = new WeakMap()
    fill(base, site, here)
  }
  addEventListener('pageshow', ({ persisted }) => persisted && again?.())
  addEventListener('online', again)
}
async function fillCounts(base: string, site: string, here: () => string): Promise<void> {
  const places = new Map<string, Element[]>()
  for (const place of document.querySelectorAll<HTMLElement>('[data-aitys-count]')) {
    const asked = place.dataset.aitysCount
    const url = asked ? new URL(asked, document.baseURI).href : here()
    if (filled.get(place) === url) continue
    filled.set(place, url)
    places.set(url, [...(places.get(url) ?? []), place])
  }
  for (const urls of batches([...places.keys()])) {
    const query = new URLSearchParams(urls.map(url => ['page', url]))
    const address = `${base}api/v1/sites/${encodeURIComponent(site)}/counts?${query}`
    const { counts } = await ask<{ counts: Record<string, number> }>(address, { cache: 'no-cache' }).catch(() => ({
      counts: {} as Record<string, number>,
    }))
    // Skip places that were given to another page meanwhile.
    for (const url of urls)
      for (const place of places.get(url) ?? [])
        if (filled.get(place) === url) place.textContent = `${counts[url] ?? ''}`
  }
}

function batches(urls: string[]): string[][] {
  const all: string[][] = []
  let length = 0
  for (const url of urls) {
    const size = encodeURIComponent(url).length + 6
    const last = all.at(-1)
    if (last && last.length < most && length + size < longest) last.push(url)
    else {
      all.push([url])
      length = 0
    }
    length += size
  }
  return all
}
