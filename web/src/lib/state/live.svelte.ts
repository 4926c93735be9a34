/** Gives what is pushed to the lists, the counts and the marks it concerns. */
import type { Article, LiveItem } from '../api/types';
import { connection } from '../live/connection.svelte';
import { entryOf, known } from './articles.svelte';
import { library } from './library.svelte';
import { shelf, StoryList } from './lists.svelte';
import { marks } from './marks.svelte';
import { navigation } from './navigation.svelte';

/** Ids counted as arrived lately, so that a second copy counts nothing. */
const remembered = 2000;
const counted = new Set<number>();

function article(pushed: Article): void {
  const shown = known(pushed.id);
  if (shown) {
    entryOf(pushed);
  } else if (!counted.has(pushed.id)) {
    counted.add(pushed.id);
    if (counted.size > remembered) {
      for (const oldest of counted) {
        counted.delete(oldest);
        break;
      }
    }
    if (pushed.stage === 'stored' && !pushed.marks.read) library.count(pushed.source_id, 1);
    else library.recountLater();
  }
  for (const list of shelf.all) list.arrived(pushed);
}

/** The operator moves articles between stories: lists that show this one fold it elsewhere. */
function joined(article: number, story: number): void {
  const shown = known(article);
  if (shown && shown.data.story_id !== story) shown.data = { ...shown.data, story_id: story };
}

function storiesInSight(): boolean {
  return navigation.route.view.name === 'stories' && document.visibilityState === 'visible';
}

function item(pushed: LiveItem): void {
  switch (pushed.type) {
    case 'article':
      article(pushed.article);
      break;
    case 'mark':
      marks.heard(pushed.article_id, pushed.marks);
      break;
    case 'story':
      joined(pushed.article_id, pushed.story_id);
      for (const list of shelf.all) if (list instanceof StoryList) list.storyChanged(pushed.story_id, pushed.article_id, storiesInSight());
      break;
  }
}

/** How long lists asked for at the start are given. */
const settling = 1000;

function catchUp(): void {
  for (const list of shelf.all) if (list.status !== 'loading') void list.catchUp();
}

/** Starts listening. */
export function listen(): void {
  connection.start({
    items(items) {
      items.forEach(item);
      if (items.length > 0) library.recountLater();
    },
    reset() {
      marks.flush();
      void library.load();
      catchUp();
    },
    begun() {
      // After the lists that were asked for at the same time have come.
      setTimeout(catchUp, settling);
    },
  });
}
