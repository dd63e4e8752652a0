/** The number of comments of other pages, for lists of articles. */

import { ask } from './client'

const most = 100
const longest = 6000 // characters of one address: proxies refuse long ones

/** Fills every element with data-aitys-count, as one request where they are few. */
export async function fillCounts(base: string, site: string, here: string): Promise<void> {
  const places = new Map<string, Element[]>()
  for (const place of document.querySelectorAll<HTMLElement>('[data-aitys-count]')) {
    const asked = place.dataset.aitysCount
    const url = asked ? new URL(asked, document.baseURI).href : here
    places.set(url, [...(places.get(url) ?? []), place])
  }
  for (const urls of batches([...places.keys()])) {
    const query = new URLSearchParams(urls.map(url => ['page', url]))
    const address = `${base}api/v1/sites/${encodeURIComponent(site)}/counts?${query}`
    const { counts } = await ask<{ counts: Record<string, number> }>(address).catch(() => ({
      counts: {} as Record<string, number>,
    }))
    for (const url of urls) for (const place of places.get(url) ?? []) place.textContent = `${counts[url] ?? ''}`
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
