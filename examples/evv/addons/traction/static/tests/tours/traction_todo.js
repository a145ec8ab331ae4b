// License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("traction_todo", {
    steps: () => [
        {
            content: "Add a to-do to the list of the weekly meeting",
            trigger: ".o_list_button_add",
            run: "click",
        },
        {
            trigger: ".o_selected_row [name=name] input",
            run: "edit Call the auditor",
        },
        {
            trigger: ".o_list_button_save",
            run: "click",
        },
        {
            content: "It is saved, and stays in the list",
            trigger: ".o_data_row:not(.o_selected_row) [name=name]:contains(Call the auditor)",
        },
    ],
});
