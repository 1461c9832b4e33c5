/**
 * Addresses of computers on the open internet, IPv4 and IPv6. Four numbers with dots are more often an amount
 * (`1.236.115.250 đồng`), a section or a version than an address: a word beside them decides where the form does not.
 */
import { AMOUNT_WORD, type Found, UNIT } from './phones.ts';

export const ADDRESS_PATTERN = /(?<![\p{L}\d.,])(?<it>(?:\d{1,3}\.){3}\d{1,3})(?!\d|[.,]\d)/gu;
/** Eight groups, or at least two before a `::`; the open internet's begin with 2 or 3 (RFC 4291). */
export const ADDRESS6_PATTERN =
  /(?<![\p{L}\d:.])(?<it>[23][\da-f]{3}(?::[\da-f]{1,4}){7}|[23][\da-f]{3}(?::[\da-f]{1,4}){1,5}::(?:[\da-f]{1,4}(?::[\da-f]{1,4}){0,5})?)(?![\p{L}\d:]|\.\d)/giu;

/** What speaks of a computer, on either side. */
const COMPUTER_WORD =
  /(?<!\p{L})(?:IP(?:v4)?|địa chỉ(?: (?:mạng|máy))?|máy (?:chủ|trạm|tính|in)|server|hosts?|ping|DNS|gateway|proxy|router|modem|bộ định tuyến|tường lửa|firewall|ssh|telnet|s?ftp|tracert|traceroute|nslookup|whois|subnet|tên miền|VPS|VPN|máy khách|client|đăng nhập|quét cổng|gói tin|lớp mạng|dải mạng|localhost|nameserver|ifconfig|curl|wget|botnet|DDoS)(?!\p{L})/iu;
const COMPUTER_BEFORE = /(?:\/\/|@)$/;
/** A port, or the bits of a mask. */
const COMPUTER_BEHIND = /^(?::\d{2,5}(?![\d.])|\/(?:[89]|[12]\d|3[0-2])(?![\d/]))/;
/** What numbers sections and versions. */
const NUMBERED_WORD =
  /(?<!\p{L})(?:phiên bản|bản(?: \p{L}{2,}){0,2}|version|ver|v|mục|tiểu mục|điều|khoản|điểm|chương|phần|bài|hình|bảng|phụ lục|mã số|mã|firmware|build|tiêu chuẩn|quy chuẩn)\.?[\s:]{0,2}(?:số )?$/iu;

export function isAddress({ it, before, behind }: Found): boolean {
  const octets = it.split('.');
  if (octets.some((octet) => Number(octet) > 255 || /^0\d/.test(octet)) || isInHouse(octets.map(Number))) return false;
  if (UNIT.test(behind) || AMOUNT_WORD.test(before)) return false;
  if (COMPUTER_BEFORE.test(before) || COMPUTER_BEHIND.test(behind)) return true;
  if (COMPUTER_WORD.test(before)) return !NUMBERED_WORD.test(before);
  // Thousands with dots are how Vietnamese writes amounts.
  if (octets.slice(1).every((octet) => octet.length === 3) || NUMBERED_WORD.test(before)) return false;
  return COMPUTER_WORD.test(behind) || octets.filter((octet) => octet.length === 3).length >= 2;
}

/** Private, local, multicast: they lead to nobody (RFC 1918, 3927, 5771). */
function isInHouse([a, b]: readonly number[]): boolean {
  if (a === 0 || a === 10 || a === 127 || a >= 224) return true;
  return (a === 192 && b === 168) || (a === 172 && b >= 16 && b < 32) || (a === 169 && b === 254);
}

/** Six groups at most stand beside `::`. */
export function isAddress6({ it }: Found): boolean {
  return !it.includes('::') || it.split(':').filter((group) => group !== '').length <= 7;
}
