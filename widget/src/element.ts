/** The custom element: finds out what it is to show, and shows it in a shadow root of its own. */

import sheet from './reading.css'
import { addressed, View } from './view'

/** The languages besides English. */
declare const LANGUAGES: string[]

let base = ''
let styles: CSSStyleSheet | null = null

export class AitysComments extends HTMLElement {
  static readonly observedAttributes = ['data-site', 'data-page', 'data-lang', 'data-sort']
  #view: View | null = null
  #later = 0

  connectedCallback() {
    this.#show()
  }

  /** A page of another address may come in the place of this one without being loaded: then its thread does, too. */
  attributeChangedCallback() {
    clearTimeout(this.#later)
    if (this.#view) this.#later = setTimeout(() => this.#view && this.#show())
  }

  /** Says by a JWT of the site who is here: for a page that learns it late, or has a fresher one. */
  identify(sso: string) {
    this.dataset.sso = sso
    if (this.#view?.form) this.#view.drawn()
  }

  disconnectedCallback() {
    this.#view?.close()
    this.#view = null
  }

  #show() {
    this.#view?.close()
    const { site = '', page, title, sort = 'oldest' } = this.dataset
    const config = {
      base: service(this),
      parts: base,
      site,
      page: page || pageAddress(),
      title: title || document.title,
      lang: language(this),
      sort,
    }
    // What is seen at once need not wait for the page's first frame.
    const now =
      addressed() ||
      (self === top && !document.hidden && this.checkVisibility?.() && this.getBoundingClientRect().top < innerHeight)
    this.#view = new View(this, config, this.shadowRoot ?? this.#open())
    if (now) this.#view.load()
    else this.#near(this.#view)
  }

  #open() {
    const root = this.attachShadow({ mode: 'open' })
    // Not in the page's own turn, but while the comments are on their way.
    setTimeout(() => {
      if (!styles) {
        styles = new CSSStyleSheet()
        styles.replaceSync(sheet)
      }
      root.adoptedStyleSheets.unshift(styles)
    })
    return root
  }

  /** Loads the comments when somebody comes near them. */
  #near(view: View) {
    const sight = new IntersectionObserver(
      seen => {
        if (!seen.some(entry => entry.isIntersecting)) return
        sight.disconnect()
        view.load()
      },
      { rootMargin: '800px' },
    )
    sight.observe(this)
    view.gone.addEventListener('abort', () => sight.disconnect())
  }
}

/** The address of the service: where the script lies, unless that is said. */
export function service({ dataset: { host } }: HTMLElement): string {
  return host ? host.replace(/\/?$/, '/') : base
}

/** Makes the element known, from a script at the address given. */
export function define(script: string) {
  base = script
  customElements.define('aitys-comments', AitysComments)
}

/** The page's own idea of its address, where that is on the same site; else where we are. */
export function pageAddress(): string {
  const canonical = document.querySelector<HTMLLinkElement>('link[rel=canonical]')?.href
  if (canonical && new URL(canonical).origin === location.origin) return canonical
  return location.href.replace(/#.*/, '')
}

function language(of: HTMLElement): string {
  const [lang = ''] = (of.dataset.lang || of.closest<HTMLElement>('[lang]')?.lang || '').toLowerCase().split(/[-_]/)
  return LANGUAGES.includes(lang) ? lang : 'en'
}
