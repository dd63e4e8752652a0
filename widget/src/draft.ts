/** Finds a page's draft before the service has answered. */

import type { Stage } from './stage'

/** Returns a page's canonical address as the service computes it: without fragment and tracking parameters. */
export function canonicalURL(page: string): string {
  const url = new URL(page)
  const kept = url.search.slice(1).split('&')
  url.hash = ''
  url.search = kept.filter(pair => !/^(utm_[^=]*|fbclid|gclid|yclid)(=|$)/i.test(pair)).join('&')
  return url.href
}

/** Reports whether this browser keeps a draft of the page. */
export function hasDraft({ config }: Stage): boolean {
  try {
    return !!localStorage.getItem(`aitys:${config.site}:draft:${canonicalURL(config.page)}`)
  } catch {
    return false
  }
}
