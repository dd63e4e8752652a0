/** Reads the service's canonical HTML into nodes, by allow-list: what is not on the list is shown as the text it is. */

import { el } from './dom'

const tags = ['p', 'br', 'strong', 'em', 'del', 'code', 'pre', 'blockquote', 'ul', 'ol', 'li', 'a'] as const
type Tag = (typeof tags)[number]

const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"' }

/** Nesting beyond this is laid flat: no text needs it, and layout of deep trees is slow. */
const deepest = 32

/** Returns the nodes of canonical HTML. Never fails; every element, attribute and scheme it makes is on the list. */
export function nodes(html: string): DocumentFragment {
  const top = document.createDocumentFragment()
  const open: HTMLElement[] = []
  const put = (node: Node | string) => (open.at(-1) ?? top).append(node)
  for (const [piece, slash, name, rest] of html.matchAll(/<(\/?)([a-z]+)((?: [^<>]*)?)>|[^<]+|</g)) {
    const tag = tags.find(t => t === name)
    if (!tag) put(text(piece))
    else if (slash) close(open, tag)
    else {
      const node = element(tag, rest ?? '')
      put(node)
      if (tag !== 'br' && open.length < deepest) open.push(node)
    }
  }
  return top
}

function close(open: HTMLElement[], tag: Tag) {
  const at = open.map(node => node.localName).lastIndexOf(tag)
  if (at >= 0) open.length = at
}

function element(tag: Tag, attributes: string): HTMLElement {
  if (tag !== 'a') return el(tag)
  const href = safe(text(/ href="([^"]*)"/.exec(attributes)?.[1] ?? ''))
  return el('a', { href, rel: href && 'nofollow ugc noopener' })
}

/** Returns an address a reader may be sent to, or null. */
export function safe(address: string): string | null {
  try {
    const url = new URL(address)
    return /^(https?|mailto):$/.test(url.protocol) ? url.href : null
  } catch {
    return null
  }
}

function text(source: string): string {
  return source.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]+));/gi, (whole, decimal, hex, name) => {
    if (name) return named[name] ?? whole
    const code = decimal ? Number(decimal) : Number.parseInt(hex, 16)
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}
