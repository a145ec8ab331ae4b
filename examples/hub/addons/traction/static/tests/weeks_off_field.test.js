// License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import { expect, test } from "@odoo/hoot";
import { WeeksOffField } from "@traction/weeks_off_field/weeks_off_field";
import { mountWithCleanup } from "@web/../tests/web_test_helpers";

function show(weeks) {
    return mountWithCleanup(WeeksOffField, {
        props: { name: "weeks", record: { data: { weeks } } },
    });
}

test("three weeks in a row are red", async () => {
    await show(3);
    expect(".badge").toHaveText("3");
    expect(".badge").toHaveClass("text-bg-danger");
});

test("two weeks are not", async () => {
    await show(2);
    expect(".badge").toHaveText("2");
    expect(".badge").not.toHaveClass("text-bg-danger");
});
