/** Puts an article's HTML, made safe by the server's sanitiser, into the page and fits it for reading. */
import type { Attachment } from 'svelte/attachments';

/** Shows `html`; links open beside, images load late and keep their place. */
export function content(html: string): Attachment<HTMLElement> {
  return (node) => {
    // A document that is not shown loads and runs nothing while it is fitted.
    const template = document.createElement('template');
    template.innerHTML = html;
    for (const link of template.content.querySelectorAll('a')) {
      link.target = '_blank';
      link.rel = 'noopener noreferrer';
    }
    for (const image of template.content.querySelectorAll('img')) fitImage(image);
    for (const scrolling of template.content.querySelectorAll<HTMLElement>('pre, table')) scrolling.tabIndex = 0;
    node.replaceChildren(template.content);
  };
}

function fitImage(image: HTMLImageElement): void {
  image.loading = 'lazy';
  image.decoding = 'async';
  if (!image.hasAttribute('alt')) image.alt = '';
  if (!image.hasAttribute('width') || !image.hasAttribute('height')) image.classList.add('unsized');
  image.addEventListener('error', () => image.classList.add('broken'), { once: true });
}
