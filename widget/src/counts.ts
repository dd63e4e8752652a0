/** Comment counts of other pages, for lists of articles. */

import { request } from './client'

/** Limits of one request: pages, and characters of the query. Proxies refuse long addresses. */
const maxURLs = 100
const maxQuery = 6000

/** The delay that combines places into one request, in milliseconds. */
const debounce = 100

/** The page whose count each place shows. */
let filled = new WeakMap<Element, string>()

let timer = 0

/** Fills all places again when the page or the connection returns. */
let refill: (() => void) | null = null

/** Fills new elements with data-aitys-count, debounced. Here returns the address of the current page. */
export function fill(base: string, site = '', here: () => string): void {
  if (timer) return
  timer = setTimeout(
    () => {
      timer = 0
      void fillCounts(base, site, here)
    },
    refill ? debounce : 0,
  )
  if (refill) return
  refill = () => {
    filled = new WeakMap()
    fill(base, site, here)
  }
  addEventListener('pageshow', ({ persisted }) => persisted && refill?.())
  addEventListener('online', refill)
}

async function fillCounts(base: string, site: string, here: () => string): Promise<void> {
  const places = new Map<string, Element[]>()
  for (const place of document.querySelectorAll<HTMLElement>('[data-aitys-count]')) {
    const named = place.dataset.aitysCount
    const url = named ? new URL(named, document.baseURI).href : here()
    if (filled.get(place) === url) continue
    filled.set(place, url)
    places.set(url, [...(places.get(url) ?? []), place])
  }
  for (const urls of batches([...places.keys()])) {
    const query = new URLSearchParams(urls.map(url => ['page', url]))
    const address = `${base}api/v1/sites/${encodeURIComponent(site)}/counts?${query}`
    const { counts } = await request<{ counts: Record<string, number> }>(address, { cache: 'no-cache' }).catch(() => ({
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
    if (last && last.length < maxURLs && length + size < maxQuery) last.push(url)
    else {
      all.push([url])
      length = 0
    }
    length += size
  }
  return all
}
