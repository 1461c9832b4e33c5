/**
 * What MediaWiki puts around and between the text of an article: menus, boxes, notes, links to edit, lists of other pages.
 * All of it is hidden, so that what is left of the page is what its author wrote (of a dump: crawlers/sources/wikitext.ts).
 */
import { type Element, textBelow, traverse } from './dom.ts';

const CONTENT = 'mw-parser-output';
/** Classes of boxes that are no running text. */
const BESIDE = new Set(
  `infobox infobox_v2 taxobox navbox navbox-styles vertical-navbox sidebar metadata ambox tmbox hatnote dablink rellink noprint toc
   catlinks printfooter gallery thumb sistersitebox side-box portalbox authority-control shortdescription stub
   mw-editsection mw-empty-elt mw-indicators references reflist mw-references-wrap mw-authority-control reference`.split(
    /\s+/,
  ),
);
/** Sections of which nothing is text. */
const NO_TEXT =
  /^(?:tham khảo|chú thích|chú giải|ghi chú|nguồn|nguồn tham khảo|liên kết ngoài|xem thêm|đọc thêm|thư mục|references|external links|see also|notes)$/i;
const LONGEST_HEADING = 60;

/** @returns whether the page is of such a wiki */
export function hideWikiFurniture(root: Element): boolean {
  const contents = contentsOf(root);
  if (contents.length === 0) return false;
  hideAround(contents);
  for (const content of contents) {
    hideSections(content);
    traverse(content, {
      enter(element) {
        if (!classesOf(element).some((name) => BESIDE.has(name))) return true;
        element.hide();
        return false;
      },
    });
  }
  return true;
}

/** Where the article stands; notices of the site are such boxes, too. */
function contentsOf(root: Element): Element[] {
  const all: Element[] = [];
  const own: Element[] = [];
  let depth = 0;
  const isPage = (element: Element): boolean => element.attribute('id') === 'mw-content-text';
  traverse(root, {
    enter(element) {
      if (classesOf(element).includes(CONTENT)) {
        (depth > 0 ? own : all).push(element);
        return false;
      }
      if (isPage(element)) depth++;
      return true;
    },
    leave(element) {
      if (isPage(element)) depth--;
    },
  });
  return own.length > 0 ? own : all;
}

/** All of the body that does not hold an article. */
function hideAround(contents: readonly Element[]): void {
  const around = new Set<Element>();
  for (const content of contents) {
    for (let element: Element | undefined = content; element !== undefined; element = element.parent)
      around.add(element);
  }
  for (const element of around) {
    if (contents.includes(element) || element.name === 'html' || element.parent === undefined) continue;
    for (let child = element.first; child !== undefined; child = child.next) {
      if (child.name !== '' && !around.has(child)) child.hide();
    }
  }
}

/** From the heading of such a section to the next that is no lower. */
function hideSections(content: Element): void {
  const sections: Element[] = [content];
  traverse(content, {
    enter(element) {
      if (element.name === 'section') sections.push(element);
      return true;
    },
  });
  for (const section of sections) {
    let hidden = Number.POSITIVE_INFINITY;
    for (let child = section.first; child !== undefined; child = child.next) {
      if (child.name === '') continue;
      const level = levelOf(child);
      if (level <= hidden) {
        hidden = level < Number.POSITIVE_INFINITY && NO_TEXT.test(headingOf(child)) ? level : Number.POSITIVE_INFINITY;
      }
      if (hidden < Number.POSITIVE_INFINITY) child.hide();
    }
  }
}

/** 1 to 6 of a heading, also in the box that the wiki puts around it. */
function levelOf(element: Element): number {
  const heading = classesOf(element).includes('mw-heading') ? elementIn(element) : element;
  const [, level] = /^h([1-6])$/.exec(heading?.name ?? '') ?? [];
  return level === undefined ? Number.POSITIVE_INFINITY : Number(level);
}

function elementIn(element: Element): Element | undefined {
  let child = element.first;
  while (child !== undefined && child.name === '') child = child.next;
  return child;
}

/** Without what edits it. */
function headingOf(element: Element): string {
  const heading = classesOf(element).includes('mw-heading') ? elementIn(element)! : element;
  let title: Element = heading;
  traverse(heading, {
    enter(inner) {
      if (classesOf(inner).includes('mw-headline')) title = inner;
      return true;
    },
  });
  return textBelow(title, LONGEST_HEADING).trim();
}

const classesOf = (element: Element): string[] => element.attribute('class')?.split(/\s+/) ?? [];
