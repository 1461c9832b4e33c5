/** Cleans pages that the program has, and asks for the language of a sentence. */
import { clean, languageOf } from 'vua/cleaning';
import { pageOf } from 'vua/crawlers';

const market = `Sáng sớm trên sông Hậu, ghe thuyền tấp nập chở trái cây ra chợ nổi, người mua kẻ bán gọi nhau í ới.
  Mùi cà phê thơm lừng trong làn gió mát, tiếng máy nổ giòn lẫn với tiếng cười của mấy đứa trẻ đi theo mẹ.
  Đến gần trưa, nước rút dần, những chiếc xuồng nhỏ lại tản về các con rạch, để lại mặt sông phẳng lặng như tờ.`;
const pages = [
  pageOf('https://bao.example/cho-noi', `<h1>Chợ nổi</h1><p>${market.replaceAll('\n', '</p><p>')}</p>`),
  pageOf('https://bao.example/market', '<p>The floating market opens early in the morning, before it gets hot.</p>'),
];
for await (const { kept, dropped } of clean(pages)) {
  if (kept) console.log(`kept: ${kept.measurements.syllables} syllables of ${kept.language}`);
  else console.log(`dropped: ${dropped.reason}, ${dropped.value.toFixed(2)}, expected ${dropped.threshold}`);
}
console.log(languageOf('Hôm nay trời đẹp quá, mình đi dạo nhé!').code);
