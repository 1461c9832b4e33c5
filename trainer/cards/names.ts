/** What the options of cards may be: a command knows them before it loads anything. */
export const OCCASIONS = ['tet', '8-3', '20-10', '20-11', 'trung-thu', 'sinh-nhat', 'cuoi', 'chia-buon'] as const;
export type OccasionName = (typeof OCCASIONS)[number];
export const FORMS = ['luc-bat', 'four-lines', 'prose'] as const;
export type Form = (typeof FORMS)[number];
export const LENGTHS = ['short', 'medium', 'long'] as const;
export type Length = (typeof LENGTHS)[number];
export const MOODS = ['any', 'warm', 'formal'] as const;
export type Mood = (typeof MOODS)[number];
export const DESIGNS = ['dao', 'mai', 'sen', 'trang', 'giay'] as const;
export type DesignName = (typeof DESIGNS)[number];
