/** What kind of file an answer is, where its Content-Type says it, says nothing or does not parse. */
import { expect, it } from 'vitest';
import { mediaTypeOf, typeOf } from '../../crawlers/bytes/media-type.ts';

it.each([
  ['text/html', 'text/html'],
  [' Text/HTML ; charset=utf-8', 'text/html'],
  ['application/rss+xml;charset=utf-8', 'application/rss+xml'],
  ['text/html,charset=utf-8', undefined],
  ['text/html charset=utf-8', undefined],
  ['"text/html; charset=utf-8"', undefined],
  ['text', undefined],
  ['charset=utf-8', undefined],
  ['*/*', undefined],
  ['unknown/unknown', undefined],
  ['', undefined],
])('%j is of type %j', (header, type) => expect(mediaTypeOf(header)).toBe(type));

it.each<[bytes: string | Uint8Array, type: string]>([
  ['<!DOCTYPE html><p>', 'text/html'],
  ['\n\t <html lang=vi>', 'text/html'],
  ['<!-- x -->', 'text/html'],
  ['<paper>', 'text/plain'],
  ['<?xml version="1.0"?>', 'text/xml'],
  ['Tiếng Việt', 'text/plain'],
  ['\uFEFF<html>', 'text/html'],
  [Buffer.from('\uFEFF<html>', 'utf16le'), 'text/html'],
  [Buffer.from('\uFEFFchữ', 'utf16le'), 'text/plain'],
  [Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0), 'application/octet-stream'],
  ['', 'text/plain'],
])('%j without a type is %j', (bytes, type) => {
  expect(typeOf('', Buffer.from(bytes as string))).toBe(type);
  expect(typeOf('text/html,x', Buffer.from(bytes as string))).toBe(type);
  expect(typeOf('image/png', Buffer.from(bytes as string))).toBe('image/png');
});
