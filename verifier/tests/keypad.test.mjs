// node --test verifier/tests/keypad.test.mjs
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { press, reading, show } from "../assets/keypad.js";

const { limits, cases } = JSON.parse(readFileSync(new URL("keypad.json", import.meta.url)));

for (const expected of cases) {
  test(expected.says, () => {
    let digits = "";
    const refused = [];
    expected.keys.forEach((key, index) => {
      const after = press(digits, key, limits);
      digits = after.digits;
      if (after.refused) refused.push(index);
    });
    const { kind, tenths } = reading(digits, limits);
    assert.deepEqual(
      { digits, refused, kind, tenths, show: show(digits) },
      { digits: expected.digits, refused: expected.refused, kind: expected.kind, tenths: expected.tenths, show: expected.show },
    );
  });
}
