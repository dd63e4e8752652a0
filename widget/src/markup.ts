/** Reads the service's canonical HTML into nodes, by allow-list: what is not on the list is shown as the text it is. */

import { el } from './dom'

type Tag = 'p' | 'br' | 'strong' | 'em' | 'del' | 'code' | 'pre' | 'blockquote' | 'ul' | 'ol' | 'li' | 'a'

/** A tag of the list, text, or a bracket that begins no tag. */
const pieces = /<(\/?)(p|br|strong|em|del|code|pre|blockquote|ul|ol|li|a)((?: [^<>]*)?)>|[^<]+|</g

/** The five signs that the service escapes, as it writes them: moderation/markup. */
const escaped: Record<string, string> = { amp: '&', lt: '<', gt: '>', '#34': '"', '#39': "'" }

/** Nesting beyond this is laid flat: no text needs it, and layout of deep trees is slow. */
const deepest = 32

/** Returns the nodes of canonical HTML. Never fails; every element, attribute and scheme it makes is on the list. */
export function nodes(html: string): DocumentFragment {
  const top = new DocumentFragment()
  const open: HTMLElement[] = []
  const put = (node: Node | string) => (open.at(-1) ?? top).append(node)
  for (const [piece, slash, name, rest] of html.matchAll(pieces)) {
    const tag = name as Tag | undefined
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
  const at = open.findLastIndex(node => node.localName === tag)
  if (at >= 0) open.splice(at)
}

function element(tag: Tag, attributes: string): HTMLElement {
  if (tag !== 'a') return el(tag)
  const href = safe(text(/ href="([^"]*)"/.exec(attributes)?.[1] ?? ''))
  return el('a', { href, rel: href && 'nofollow ugc noopener' })
}

/** Returns an address a reader may be sent to, or null: one of mail, or of the web and of no page that it stands on. */
export function safe(address: string | null | undefined): string | null {
  return /^(https?:\/\/|mailto:)/i.test(address as string) ? (address as string) : null
}

function text(source: string): string {
  return source.replace(/&([a-z]+|#\d+);/g, (whole, sign) => escaped[sign] ?? whole)
}
