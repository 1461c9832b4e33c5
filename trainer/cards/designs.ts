/**
 * Five designs of a card, 1080 × 1350, as SVG: ground, ornaments drawn from a seed, colours of the text. Nothing is loaded;
 * a card with none of the fonts still stands in the system's serif.
 */
import { seededRandom } from '../../shards/checksum.ts';
import type { DesignName, OccasionName } from './names.ts';

export const WIDTH = 1080;
export const HEIGHT = 1350;

export interface Design {
  /** Under the text. */
  readonly ground: (random: () => number) => string;
  readonly heading: string;
  readonly text: string;
  readonly quiet: string;
  /** Where the text may stand. */
  readonly top: number;
  readonly bottom: number;
  readonly width: number;
}

/** What an occasion gets where none is asked for. */
export const DESIGN_OF: Readonly<Record<OccasionName, DesignName>> = {
  ...{ tet: 'dao', '8-3': 'sen', '20-10': 'sen', '20-11': 'mai' },
  ...{ 'trung-thu': 'trang', 'sinh-nhat': 'mai', cuoi: 'dao', 'chia-buon': 'giay' },
};

const n = (value: number): string => value.toFixed(1);

/** Five petals and stamens around a point. */
function blossom(x: number, y: number, size: number, turn: number, [petal, edge, heart]: readonly string[]): string {
  const petals = Array.from({ length: 5 }, (_, at) => {
    const angle = turn + at * 72;
    return `<path transform="rotate(${n(angle)})" d="M0 0C${n(-size * 0.62)} ${n(-size * 0.45)} ${n(-size * 0.5)} ${n(-size * 1.1)} 0 ${n(-size * 0.95)}C${n(size * 0.5)} ${n(-size * 1.1)} ${n(size * 0.62)} ${n(-size * 0.45)} 0 0Z" fill="${petal}" stroke="${edge}" stroke-width="${n(size * 0.04)}"/>`;
  });
  const stamens = Array.from({ length: 8 }, (_, at) => {
    const angle = ((turn + at * 45) * Math.PI) / 180;
    const [dx, dy] = [Math.cos(angle) * size * 0.34, Math.sin(angle) * size * 0.34];
    return `<path d="M0 0L${n(dx)} ${n(dy)}" stroke="${heart}" stroke-width="${n(size * 0.035)}"/><circle cx="${n(dx)}" cy="${n(dy)}" r="${n(size * 0.055)}" fill="${heart}"/>`;
  });
  return `<g transform="translate(${n(x)} ${n(y)})">${petals.join('')}${stamens.join('')}<circle r="${n(size * 0.1)}" fill="${heart}"/></g>`;
}

const bud = (x: number, y: number, size: number, color: string, edge: string): string =>
  `<ellipse cx="${n(x)}" cy="${n(y)}" rx="${n(size * 0.5)}" ry="${n(size * 0.62)}" fill="${color}" stroke="${edge}" stroke-width="1.5"/>`;

/** A branch from a corner, with what grows on it. */
function branch(
  random: () => number,
  [x, y]: readonly [number, number],
  [dx, dy]: readonly [number, number],
  wood: string,
  colors: readonly string[],
): string {
  const parts: string[] = [];
  const flowers: string[] = [];
  const grow = (fromX: number, fromY: number, angle: number, length: number, thick: number): void => {
    if (length < 70) return;
    const [toX, toY] = [fromX + Math.cos(angle) * length, fromY + Math.sin(angle) * length];
    const [midX, midY] = [
      (fromX + toX) / 2 - Math.sin(angle) * length * 0.12,
      (fromY + toY) / 2 + Math.cos(angle) * length * 0.12,
    ];
    parts.push(
      `<path d="M${n(fromX)} ${n(fromY)}Q${n(midX)} ${n(midY)} ${n(toX)} ${n(toY)}" stroke="${wood}" stroke-width="${n(thick)}" fill="none" stroke-linecap="round"/>`,
    );
    flowers.push(blossom(toX, toY, 22 + random() * 16, random() * 72, colors));
    if (random() < 0.8)
      flowers.push(
        blossom(midX + (random() - 0.5) * 30, midY + (random() - 0.5) * 30, 18 + random() * 14, random() * 72, colors),
      );
    flowers.push(
      bud(toX + (random() - 0.5) * 70, toY + (random() - 0.5) * 70, 13 + random() * 8, colors[0], colors[1]),
    );
    grow(toX, toY, angle + 0.25 + random() * 0.35, length * 0.68, thick * 0.66);
    grow(toX, toY, angle - 0.3 - random() * 0.35, length * 0.6, thick * 0.6);
  };
  grow(x, y, Math.atan2(dy, dx), 185, 15);
  return parts.join('') + flowers.join('');
}

const frame = (inset: number, color: string, width: number, radius = 0): string =>
  `<rect x="${inset}" y="${inset}" width="${WIDTH - 2 * inset}" height="${HEIGHT - 2 * inset}" rx="${radius}" fill="none" stroke="${color}" stroke-width="${width}"/>`;
const ground = (from: string, to: string, id: string): string =>
  `<defs><linearGradient id="${id}" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="${from}"/><stop offset="1" stop-color="${to}"/></linearGradient></defs><rect width="${WIDTH}" height="${HEIGHT}" fill="url(#${id})"/>`;

/** A lotus of layered petals, its foot at a point. */
function lotus(x: number, y: number, size: number, [light, deep, leaf]: readonly string[]): string {
  const petal = (turn: number, scale: number, color: string): string =>
    `<path transform="rotate(${turn}) scale(${n(scale)})" d="M0 0C${n(-size * 0.34)} ${n(-size * 0.35)} ${n(-size * 0.24)} ${n(-size * 0.85)} 0 ${n(-size)}C${n(size * 0.24)} ${n(-size * 0.85)} ${n(size * 0.34)} ${n(-size * 0.35)} 0 0Z" fill="${color}" stroke="${deep}" stroke-width="2"/>`;
  const back = [-62, 62, -38, 38].map((turn) => petal(turn, 0.95, light));
  const front = [-80, 80, -20, 20, 0].map((turn) =>
    petal(turn, turn === 0 ? 0.9 : 0.8, turn === 0 ? '#fff4f6' : light),
  );
  const pad = `<ellipse cx="0" cy="${n(size * 0.1)}" rx="${n(size * 1.25)}" ry="${n(size * 0.2)}" fill="${leaf}"/>`;
  return `<g transform="translate(${n(x)} ${n(y)})">${pad}${back.join('')}${front.join('')}</g>`;
}

function lantern(x: number, y: number, size: number, color: string, gold: string): string {
  const ribs = [-0.6, -0.2, 0.2, 0.6].map(
    (at) =>
      `<path d="M0 ${n(-size)}Q${n(at * size * 1.5)} 0 0 ${n(size)}" fill="none" stroke="${gold}" stroke-width="2" opacity="0.7"/>`,
  );
  return `<g transform="translate(${n(x)} ${n(y)})"><path d="M0 ${n(-y)}L0 ${n(-size)}" stroke="${gold}" stroke-width="2"/><ellipse rx="${n(size * 0.86)}" ry="${n(size)}" fill="${color}"/>${ribs.join('')}<rect x="${n(-size * 0.32)}" y="${n(-size * 1.08)}" width="${n(size * 0.64)}" height="${n(size * 0.16)}" rx="4" fill="${gold}"/><rect x="${n(-size * 0.32)}" y="${n(size * 0.92)}" width="${n(size * 0.64)}" height="${n(size * 0.16)}" rx="4" fill="${gold}"/><path d="M0 ${n(size * 1.08)}L0 ${n(size * 1.9)}M${n(-size * 0.12)} ${n(size * 1.08)}L${n(-size * 0.16)} ${n(size * 1.75)}M${n(size * 0.12)} ${n(size * 1.08)}L${n(size * 0.16)} ${n(size * 1.75)}" stroke="${gold}" stroke-width="4" stroke-linecap="round"/></g>`;
}

const PEACH = ['#ffd3dc', '#f08aa4', '#f7c948'];
const APRICOT = ['#ffd84d', '#e8a800', '#c25b12'];

export const DESIGN: Readonly<Record<DesignName, Design>> = {
  dao: {
    ground: (random) =>
      ground('#b3122b', '#7d0a20', 'dao') +
      frame(36, '#e9c46a', 3, 18) +
      frame(48, '#e9c46a', 1.2, 12) +
      branch(random, [1080, 30], [-1, 0.42], '#4a1a16', PEACH) +
      branch(random, [0, 1330], [1, -0.4], '#4a1a16', PEACH),
    ...{ heading: '#ffe3a3', text: '#fff6e6', quiet: '#f3cf8b', top: 300, bottom: 1040, width: 880 },
  },
  mai: {
    ground: (random) =>
      ground('#fffaf0', '#fdeccb', 'mai') +
      frame(40, '#c98b1b', 2.5, 22) +
      branch(random, [0, 40], [1, 0.4], '#6b4423', APRICOT) +
      branch(random, [1080, 1320], [-1, -0.42], '#6b4423', APRICOT),
    ...{ heading: '#a2420c', text: '#40280f', quiet: '#8a5a1e', top: 300, bottom: 1040, width: 880 },
  },
  sen: {
    ground: () =>
      ground('#fdf1f3', '#dff0ea', 'sen') +
      frame(44, '#d8899c', 2, 30) +
      [150, 560, 930]
        .map(
          (x, at) =>
            `<path d="M${x - 130} ${1215 + at * 12}q65 -16 130 0t130 0" fill="none" stroke="#8fc1b3" stroke-width="3" opacity="0.7"/>`,
        )
        .join('') +
      lotus(290, 1215, 150, ['#f7b3c2', '#d9748e', '#7fb69d']) +
      lotus(790, 1235, 190, ['#f9c4cf', '#d9748e', '#6aa88c']) +
      '<circle cx="540" cy="165" r="58" fill="#f9c4cf" opacity="0.45"/><circle cx="540" cy="165" r="36" fill="#f2a3b5" opacity="0.5"/>',
    ...{ heading: '#b23a5c', text: '#3d3238', quiet: '#86606d', top: 240, bottom: 1020, width: 880 },
  },
  trang: {
    ground: (random) =>
      ground('#0f1c3f', '#27386e', 'trang') +
      '<defs><radialGradient id="quang"><stop offset="0.4" stop-color="#fff3c4" stop-opacity="0.5"/><stop offset="1" stop-color="#fff3c4" stop-opacity="0"/></radialGradient></defs>' +
      Array.from(
        { length: 60 },
        () =>
          `<circle cx="${n(random() * WIDTH)}" cy="${n(random() * 430)}" r="${n(0.8 + random() * 2)}" fill="#fff" opacity="${n(0.3 + random() * 0.6)}"/>`,
      ).join('') +
      '<circle cx="540" cy="250" r="300" fill="url(#quang)"/><circle cx="540" cy="250" r="150" fill="#ffeaa6"/><circle cx="492" cy="215" r="24" fill="#f5d983" opacity="0.7"/><circle cx="590" cy="290" r="36" fill="#f5d983" opacity="0.6"/><circle cx="560" cy="190" r="13" fill="#f5d983" opacity="0.6"/>' +
      lantern(150, 330, 62, '#d7263d', '#f6c453') +
      lantern(935, 270, 74, '#e4572e', '#f6c453') +
      '<path d="M0 1350V1235q140 -80 300 -20t330 -10t450 -15V1350Z" fill="#0a1430"/><path d="M0 1350V1280q200 -60 420 -10t660 -20V1350Z" fill="#060d22"/>' +
      frame(30, '#f6c453', 2, 24),
    ...{ heading: '#ffe7a0', text: '#f4f1e4', quiet: '#d8c88f', top: 420, bottom: 1180, width: 880 },
  },
  giay: {
    ground: (random) =>
      ground('#fbfaf7', '#efeeea', 'giay') +
      frame(56, '#a9a59b', 1.5) +
      frame(66, '#c9c6bd', 1) +
      [-1, 0, 1]
        .map((at) => {
          const [x, tip] = [540 + at * 34, 262 - (at === 0 ? 16 : 0)];
          const drift = n(18 + random() * 16);
          return `<path d="M${540 + at * 10} 352L${x} ${tip}" stroke="#8d6f5a" stroke-width="4" stroke-linecap="round"/><circle cx="${x}" cy="${tip}" r="4.5" fill="#c8553d"/><path d="M${x} ${tip - 8}c${drift} -40 -${drift} -64 0 -${112 + at * 8}" fill="none" stroke="#bdb9ae" stroke-width="2.5" opacity="0.8" stroke-linecap="round"/>`;
        })
        .join('') +
      '<path d="M486 352h108l-14 34h-80Z" fill="#b7a995"/>' +
      '<path d="M480 1190h120" stroke="#a9a59b" stroke-width="1.5"/><circle cx="540" cy="1190" r="5" fill="#a9a59b"/>',
    ...{ heading: '#4b4a46', text: '#33322f', quiet: '#75726a', top: 400, bottom: 1150, width: 800 },
  },
};

/** The ground of a design; a seed sets its branches and stars. */
export const groundOf = (name: DesignName, seed: number): string => DESIGN[name].ground(seededRandom(seed * 2 + 1));
