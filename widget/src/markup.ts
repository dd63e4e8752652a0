/** Parses the service's canonical HTML into nodes by an allowlist. Everything else is shown as text. */

import { el } from './dom'

type Tag = 'p' | 'br' | 'strong' | 'em' | 'del' | 'code' | 'pre' | 'blockquote' | 'ul' | 'ol' | 'li' | 'a'

/** A tag of the allowlist, text, or a bracket that begins no tag. */
const token = /<(\/?)(p|br|strong|em|del|code|pre|blockquote|ul|ol|li|a)((?: [^<>]*)?)>|[^<]+|</g

/** The five characters that the service escapes, as moderation/markup writes them. */
const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', '#34': '"', '#39': "'" }

/** Deeper elements are flattened: no text needs them, and layout of deep trees is slow. */
const maxDepth = 32

/** Returns the nodes of canonical HTML. It does not fail. Elements, attributes and URL schemes are on the allowlist. */
export function nodes(html: string): DocumentFragment {
  const top = new DocumentFragment()
  const open: HTMLElement[] = []
  const put = (node: Node | string) => (open.at(-1) ?? top).append(node)
  for (const [source, slash, name, rest] of html.matchAll(token)) {
    const tag = name as Tag | undefined
    if (!tag) put(text(source))
    else if (slash) close(open, tag)
    else {
      const node = element(tag, rest ?? '')
      put(node)
      if (tag !== 'br' && open.length < maxDepth) open.push(node)
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

/** Returns the address if a link may use it, or null. Allowed are mailto: and absolute http(s) addresses. */
export function safe(address: string | null | undefined): string | null {
  return /^(https?:\/\/|mailto:)/i.test(address as string) ? (address as string) : null
}

function text(source: string): string {
  return source.replace(/&([a-z]+|#\d+);/g, (whole, sign) => entities[sign] ?? whole)
}
