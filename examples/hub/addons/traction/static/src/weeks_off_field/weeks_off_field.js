// License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import { Component, xml } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

// As in the model: after so many bad weeks in a row the team has to talk about it.
const WEEKS_UNTIL_ATTENTION = 3;

export class WeeksOffField extends Component {
    static template = xml`<span class="badge" t-att-class="colour" t-out="weeks"/>`;
    static props = { ...standardFieldProps };

    get weeks() {
        return this.props.record.data[this.props.name];
    }

    get colour() {
        return this.weeks >= WEEKS_UNTIL_ATTENTION ? "text-bg-danger" : "text-bg-light";
    }
}

registry.category("fields").add("traction_weeks_off", {
    component: WeeksOffField,
    supportedTypes: ["integer"],
});
