/** The custom element. It reads its attributes and shows a view in its shadow root. */

import sheet from './reading.css'
import { addressedID, View } from './view'

/** The languages other than English. */
declare const LANGUAGES: string[]

let base = ''
let styles: CSSStyleSheet | null = null

export class AitysComments extends HTMLElement {
  static readonly observedAttributes = ['data-site', 'data-page', 'data-lang', 'data-sort']
  #view: View | null = null
  #showTimer = 0

  connectedCallback() {
    this.#show()
  }

  /** Shows another thread after a single-page app changed the attributes. */
  attributeChangedCallback() {
    clearTimeout(this.#showTimer)
    if (this.#view) this.#showTimer = setTimeout(() => this.#view && this.#show())
  }

  /** Sets the site's JWT for the reader, for pages that get it late or refresh it. */
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
    // Load a visible thread before the page's first frame.
    const visible =
      addressedID() ||
      (self === top && !document.hidden && this.checkVisibility?.() && this.getBoundingClientRect().top < innerHeight)
    this.#view = new View(this, config, this.shadowRoot ?? this.#createRoot())
    if (visible) this.#view.load()
    else this.#loadWhenNear(this.#view)
  }

  #createRoot() {
    const root = this.attachShadow({ mode: 'open' })
    // In a later task, while the comments are being fetched.
    setTimeout(() => {
      if (!styles) {
        styles = new CSSStyleSheet()
        styles.replaceSync(sheet)
      }
      root.adoptedStyleSheets.unshift(styles)
    })
    return root
  }

  /** Loads the comments when they come near the viewport. */
  #loadWhenNear(view: View) {
    const observer = new IntersectionObserver(
      entries => {
        if (!entries.some(entry => entry.isIntersecting)) return
        observer.disconnect()
        view.load()
      },
      { rootMargin: '800px' },
    )
    observer.observe(this)
    view.gone.addEventListener('abort', () => observer.disconnect())
  }
}

/** Returns the service's address: data-host, or the folder of the script. */
export function service({ dataset: { host } }: HTMLElement): string {
  return host ? host.replace(/\/?$/, '/') : base
}

/** Registers the element. Script is the address of the script's folder. */
export function define(script: string) {
  base = script
  customElements.define('aitys-comments', AitysComments)
}

/** Returns the page's canonical link if it has the same origin, or else the current address without fragment. */
export function pageAddress(): string {
  const canonical = document.querySelector<HTMLLinkElement>('link[rel=canonical]')?.href
  if (canonical && new URL(canonical).origin === location.origin) return canonical
  return location.href.replace(/#.*/, '')
}

function language(element: HTMLElement): string {
  const [lang = ''] = (element.dataset.lang || element.closest<HTMLElement>('[lang]')?.lang || '')
    .toLowerCase()
    .split(/[-_]/)
  return LANGUAGES.includes(lang) ? lang : 'en'
}
