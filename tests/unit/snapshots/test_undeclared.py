"""What passes on a prepared database only because of modules that are there by chance."""

from pathlib import Path

import pytest

from runner.snapshots.undeclared import parse_undeclared_names, undeclared_names_query, undeclared_uses_in

ANSWER = """\
evv_core module web
evv_core module base_setup
evv_core module website
evv_core model bus.bus
evv_core model base.document.layout
evv_core field tour_enabled
evv_core field sms
evv_core own_module base
evv_core own_module evv_core
evv_core own_module mail
evv_core own_model res.users
evv_core own_model web.page
evv_core own_model evv.sms
evv_visits module hr
psql: some words of another kind
"""


def mentions(folder: Path, **files: str) -> list[str]:
    module = folder / "evv_core"
    module.mkdir()
    (module / "__manifest__.py").write_text("{'assets': {'web.assets_backend': []}}")
    for name, text in files.items():
        stem, _, suffix = name.rpartition("_")
        (module / f"{stem}.{suffix}").write_text(text)
    return undeclared_uses_in({"evv_core": module}, parse_undeclared_names(ANSWER))


WEB, BUS, TOUR, SMS = "the module web", "the model bus.bus", "the field tour_enabled", "the field sms"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("self.env.ref('web.external_layout')", WEB),
        ("from odoo.addons.web.controllers import home", WEB),
        ("from odoo.addons import web", WEB),
        ("import odoo.addons.web", WEB),
        ("def f():\n    from odoo.addons.web import controllers", WEB),
        ("odoo.addons.web.controllers.home.Home()", WEB),
        ("patch('odoo.addons.web.controllers.home.Home.index')", WEB),
        ("XML_ID = 'web.external_layout'", WEB),
        ("user.has_group('base.group_user,web.group_x')", WEB),
        ("env['ir.module.module'].search([('name', '=', 'web')]).state == 'installed'", WEB),
        ("'web' in env.registry._init_modules", WEB),
        ("env.ref('base.module_web').state", WEB),
        ("Markup('<t t-call=\"web.external_layout\"/>')", WEB),
        ("from odoo.addons import web\n_inherit = 'web.external'", WEB),
        ("self.url_open('/web/login')", WEB),
        ("self.url_open(f'/web/x/{self.id}')", WEB),
        ("self.opener.get(self.base_url() + '/web?db=x')", WEB),
        ("self.start_tour('/odoo', 'evv_tour')", WEB),
        ("for name in 'web.layout web.other'.split(): env.ref(name)", WEB),
        ("_inherit = 'bus.bus'", BUS),
        ("_inherit = ['mail.thread', 'bus.bus']", BUS),
        ("self.env['bus.bus']._sendone()", BUS),
        ("x = fields.Many2one('bus.bus')", BUS),
        ("x = fields.Many2one(comodel_name='bus.bus')", BUS),
        ("x = {'reference': 'bus.bus,1'}", BUS),
        ("'bus.bus' in env", BUS),
        ("env.ref('bus.model_bus_bus')", "the model bus_bus"),
        ("cr.execute('select count(*) from bus_bus')", "the model bus_bus"),
        ("user.tour_enabled", TOUR),
        ("user.tour_enabled.filtered(x)", TOUR),
        ("user.write({'tour_enabled': True})", TOUR),
        ("user.create(dict(tour_enabled=True))", TOUR),
        ("self._make(tour_enabled=True)", TOUR),
        ("user.search([('tour_enabled', '=', True)])", TOUR),
        ("user.mapped('partner_id.tour_enabled')", TOUR),
        ("x = fields.Boolean(related='user_id.tour_enabled')", TOUR),
        ("user.with_context(default_tour_enabled=True)", TOUR),
        ("user.with_context({'search_default_tour_enabled': 1})", TOUR),
        ("getattr(user, 'tour_' + 'enabled')", TOUR),
        ("getattr(user, 'tour_'\n    'enabled')", TOUR),
        ("for name in 'name tour_enabled'.split(): user[name]", TOUR),
        ("data = 'name;tour_enabled\\nJoe Doe;1'", TOUR),
        ("user.read_group([], ['tour_enabled:count'], [])", TOUR),
        ("_order = 'tour_enabled desc, id'", TOUR),
        ("user.load(['name', 'user_ids/tour_enabled'], [])", TOUR),
        ("self.url_open('/web/image/res.users/1/tour_enabled')", TOUR),
        ("domain = \"[('tour_enabled', '=', True)]\"", TOUR),
        ("code = \"user.tour_enabled and 'x'\"", TOUR),
        ("code = 'if user:\\n    user.tour_enabled = True'", TOUR),
        ("cr.execute('tour_enabled of the users')", TOUR),
        ("q = f'SELECT tour_enabled FROM {table}'", TOUR),
        ("q = 'select ' + 'tour_enabled from res_users'", TOUR),
        ("q = 'UPDATE res_users SET tour_enabled = %s' % x", TOUR),
        ("q = 'u.tour_enabled is not null'", TOUR),
        ("arch = '<form><field name=\"tour_enabled\"/></form>'", TOUR),
        ("arch = '''<?xml version=\"1.0\"?>\n<form><field name=\"x\" invisible=\"tour_enabled\"/></form>'''", TOUR),
        ("q = \"SELECT '<b>x</b>', tour_enabled FROM res_users\"", TOUR),
        ("code = \"if user:\\n    body = '<p>' + user.tour_enabled + '</p>'\"", TOUR),
        ("code = 'a = 1\\n        if user:\\n            user.tour_enabled = a'", TOUR),
        ("html = '<p>Dear {{ object.tour_enabled }}</p>'", TOUR),
        ("html = '<p t-if=\"object.tour_enabled\">Dear</p>'", TOUR),
        ("body = 'Dear {{ object.tour_enabled }}, here you are'", TOUR),
        ("class User(models.Model):\n    tour_enabled = fields.Boolean(default=True)", TOUR),
        ("assert user.tour_enabled, 'it is not'", TOUR),
        ("raise UserError(_('%s is so') % user.tour_enabled)", TOUR),
        ("_logger.info('%s', user.tour_enabled)", TOUR),
        ("x = {'sms': 1}", SMS),
        ("import odoo\nodoo.http.request.env.user.sms", SMS),
        ("print 'Python 2', user.sms", SMS),  # no valid Python
        ("print 'Python 2'  # sms", SMS),
    ],
)
def test_what_python_uses_without_declaring_it_is_found(tmp_path: Path, text: str, what: str) -> None:
    assert f"evv_core mentions {what} (model.py), on which it does not depend" in mentions(tmp_path, model_py=text)


@pytest.mark.parametrize(
    "text",
    [
        "# See https://web.example/ and the web. Then bus.bus_stop, my.bus.bus, retour_enabled.",
        "# user.tour_enabled, self.env['bus.bus'], ref('web.x')",
        '"""Of web.assets, bus.bus and tour_enabled."""',
        'def f():\n    """Set user.tour_enabled."""\n    return 1',
        'class A:\n    x = 1\n    """tour_enabled"""',
        "raise UserError('There is no tour_enabled for bus.bus of web.x')",
        "raise UserError(_('tour_enabled'))",
        "x = _('Use the web.client for sms')",
        "x = fields.Char('Send an sms now', help='tour_enabled')",
        "x = fields.Char(string='sms')",
        "_logger.warning('no sms')",
        "_logger.info('web.x: %s', 1)",
        "self.assertTrue(x, msg='sms')",
        "self.skipTest('sms')",
        "assert x, 'sms'",
        "_description = 'sms'",
        "text = 'An sms was sent by tour_enabled, see bus.bus of web.x'",
        "text = f'{name} sent an sms'",
        "html = '<p>Your <b>sms</b> was sent</p>'",
        "html = 'Your <b>sms</b> was sent'",
        "text = 'Dear {{ object.name }}, this sms is for you'",
        "sms = 1\nprint(sms)",
        "def f(sms): return sms",
        "record.sms()",
        "record.sms(1).name",
        "from odoo import tools\ntools.sms",
        "import sms\nsms.sms",
        "from . import sms\nsms.sms",
        "website = 1\nwebsite.lower()",
        "self.env.ref('base.sms')",
        "self.env.ref('mail.tour_enabled')",
        "x = 'evv_core.sms'",
        "self.env['web.page']",
        "x = fields.Many2one('web.page')",
        "self.env['evv.sms']",
        "self.url_open('/shop/sms')",
        "x = 'evv_core/static/sms.png'",
        "x = 'https://example.com/sms'",
        "URL = '/web/login'",
        "self.url_open('/website_x/login')",
        "x.get('web')",
        "get_resource('web')",
        "self.env['hr.employee']; ref('hr.x')",
        "if TYPE_CHECKING:\n    from odoo.addons.web import x",
        "import typing\nif typing.TYPE_CHECKING:\n    from odoo.addons.web import x",
    ],
)
def test_what_only_looks_like_it_in_python_is_not(tmp_path: Path, text: str) -> None:
    assert mentions(tmp_path, model_py=text) == []


def data(text: str) -> str:
    return f'<?xml version="1.0" encoding="utf-8"?>\n<odoo>{text}</odoo>\n'


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            data('<record id="x" model="y"><field name="inherit_id" ref="base_setup.view"/></record>'),
            "the module base_setup",
        ),
        (data('<template id="x" inherit_id="web.layout"/>'), WEB),
        (data('<template id="web.layout"/>'), WEB),
        (data("<xpath expr=\"//t[@t-call='web.layout']\"/>"), WEB),
        (data('<t t-call-assets="web.assets_frontend"/>'), WEB),
        (data('<attribute name="groups">web.group</attribute>'), WEB),
        (data('<template id="x"><t t-call="web.layout"/></template>'), WEB),
        (data('<menuitem id="x" parent="web.menu"/>'), WEB),
        (data('<menuitem id="x" groups="base.group_user,web.group"/>'), WEB),
        (data("<record id='x' model='y'><field name='z' eval=\"[(4, ref('web.x'))]\"/></record>"), WEB),
        (data('<button name="%(web.action)d" type="action"/>'), WEB),
        (data("<field name=\"x\" context=\"{'form_view_ref': 'web.view'}\"/>"), WEB),
        (data('<field name="x" context="{\'a\': %(web.view)d}"/>'), WEB),
        (data('<record id="x" model="bus.bus"/>'), BUS),
        (data('<record id="x" model="y"><field name="res_model">bus.bus</field></record>'), BUS),
        (data('<record id="x" model="y"><field name="model_id" ref="model_bus_bus"/></record>'), "the model bus_bus"),
        (data('<function model="bus.bus" name="x"/>'), BUS),
        (data('<field name="tour_enabled"/>'), TOUR),
        (data('<field name="x" invisible="tour_enabled"/>'), TOUR),
        (data('<field name="x" invisible="not tour_enabled and y"/>'), TOUR),
        (data("<field name=\"x\" attrs=\"{'invisible': [('tour_enabled', '=', 1)]}\"/>"), TOUR),
        (data("<field name=\"x\" domain=\"[('tour_enabled', '=', 1)]\"/>"), TOUR),
        (data('<field name="x" context="{\'default_tour_enabled\': 1}"/>'), TOUR),
        (data('<label for="tour_enabled"/>'), TOUR),
        (data('<groupby name="tour_enabled"/>'), TOUR),
        (data("<filter name=\"x\" context=\"{'group_by': 'tour_enabled'}\"/>"), TOUR),
        (data('<t t-if="!record.tour_enabled.raw_value"/>'), TOUR),
        (data('<calendar date_start="tour_enabled"/>'), TOUR),
        (data('<list default_order="tour_enabled desc"/>'), TOUR),
        (data('<list decoration-info="tour_enabled == 1"/>'), TOUR),
        (data('<xpath expr="//field[@name=\'tour_enabled\']" position="after"/>'), TOUR),
        (data('<attribute name="invisible">tour_enabled</attribute>'), TOUR),
        (data('<t t-esc="o.tour_enabled"/>'), TOUR),
        (data('<span t-field="o.partner_id.tour_enabled"/>'), TOUR),
        (data('<t t-foreach="o.tour_enabled" t-as="x"/>'), TOUR),
        (data('<a t-attf-href="/x/#{o.tour_enabled}"/>'), TOUR),
        (data('<a t-att-href="o.tour_enabled"/>'), TOUR),
        (data('<record id="x" model="ir.rule"><field name="domain_force">[("tour_enabled", "=", 1)]</field></record>'), TOUR),
        (
            data('<record id="x" model="y"><field name="code">for user in users:\n    user.tour_enabled = 1</field></record>'),
            TOUR,
        ),
        (data('<record id="x" model="y"><field name="code"><![CDATA[a < user.tour_enabled]]></field></record>'), TOUR),
        (data('<record id="x" model="ir.model.fields"><field name="name">tour_enabled</field></record>'), TOUR),
        (
            data('<record id="x" model="mail.template"><field name="subject">Hi {{ object.tour_enabled }}</field></record>'),
            TOUR,
        ),
        ("<odoo><field name='tour_enabled'></odoo>", TOUR),  # no valid XML
        ('<!DOCTYPE x [<!ENTITY e "tour_enabled">]><odoo><field name="&e;"/></odoo>', TOUR),
    ],
)
def test_what_xml_uses_without_declaring_it_is_found(tmp_path: Path, text: str, what: str) -> None:
    assert f"evv_core mentions {what} (views.xml), on which it does not depend" in mentions(tmp_path, views_xml=text)


@pytest.mark.parametrize(
    "text",
    [
        data('<a href="/web/login">x</a>'),
        data('<!-- <field name="tour_enabled"/> of web.x and bus.bus -->'),
        data('<menuitem id="x" name="sms" action="sms"/>'),
        data('<field name="x" string="sms" help="See web.x" placeholder="tour_enabled"/>'),
        data('<page name="sms" string="An sms"/>'),
        data("<p>Send an sms with tour_enabled, see web.x</p>"),
        data("<p>sms</p>"),
        data('<record id="x" model="y"><field name="name">sms</field></record>'),
        data('<record id="x" model="y"><field name="body">Your sms was sent by web.x.</field></record>'),
        data('<record id="base.sms" model="y"><field name="x" ref="mail.sms"/></record>'),
        data('<record id="x" model="web.page"/>'),
        data('<record id="x" model="evv.sms"/>'),
        data('<field name="x" eval="ref(\'base.sms\')"/>'),
        data('<t t-set="sms" t-value="1"/>'),
        data('<button name="sms" type="object"/>'),
        data('<field name="x" widget="sms"/>'),
        data('<div class="sms" id="sms"/>'),
        data('<t t-esc="website.name"/>'),
        data('<t t-attf-class="sms #{x}"/>'),
        '<templates><t t-name="web.x" t-inherit="web.y"><field name="tour_enabled"/></t></templates>',
    ],
)
def test_what_only_looks_like_it_in_xml_is_not(tmp_path: Path, text: str) -> None:
    assert mentions(tmp_path, views_xml=text) == []


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("access_csv", "id,model_id:id\na,web.model_base_document_layout", WEB),
        ("access_csv", "id,model_id:id\na,model_bus_bus", "the model bus_bus"),
        ("access_csv", "id,model_id/id,group_id/id\na,base.model_x,web.group", WEB),
        ("users_csv", "id,tour_enabled\na,1", TOUR),
        ("users_csv", "id,user_ids/tour_enabled\na,1", TOUR),
        ("users_csv", "id,domain\na,\"[('tour_enabled', '=', 1)]\"", TOUR),
        ("users_csv", "id,res_model\na,bus.bus", BUS),
        ("bus.bus_csv", "id,x\na,1", BUS),
        ("bus.bus-more_csv", "id,x\na,1", BUS),
        ("ir.model.fields_csv", "id,name\na,tour_enabled", TOUR),
        ("users_csv", 'id,x\na,"tour_enabled\n', TOUR),  # no valid CSV
    ],
)
def test_what_csv_uses_without_declaring_it_is_found(tmp_path: Path, name: str, text: str, what: str) -> None:
    assert any(f"mentions {what} (" in use for use in mentions(tmp_path, **{name: text}))


@pytest.mark.parametrize(
    "text",
    [
        "id,name,model_id:id\naccess_sms,bus.bus user,base.model_x",
        "id,name,model_id:id\naccess_sms,sms,base.sms",
        "id,description\na,See web.x for tour_enabled",
        "id,text\na,Your sms was sent",
    ],
)
def test_what_only_looks_like_it_in_csv_is_not(tmp_path: Path, text: str) -> None:
    assert mentions(tmp_path, access_csv=text) == []


def test_scripts_are_read_later_than_the_module(tmp_path: Path) -> None:
    assert mentions(tmp_path, script_js='import { registry } from "@web/core/registry"; web.x') == []


def test_an_encoding_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "evv_core").mkdir()
    text = '<?xml version="1.0" encoding="utf-16"?><odoo><field name="sms"/></odoo>'
    (tmp_path / "evv_core" / "views.xml").write_bytes(text.encode("utf-16"))
    assert undeclared_uses_in({"evv_core": tmp_path / "evv_core"}, parse_undeclared_names(ANSWER)) != []


def test_each_use_is_told_once(tmp_path: Path) -> None:
    assert len(mentions(tmp_path, a_py="x.sms\ny.sms", b_py="x.sms")) == 1


def test_the_query_asks_for_every_module(tmp_path: Path) -> None:
    assert undeclared_names_query(["evv_core", "evv_visits"]).count("in ('evv_core', 'evv_visits')") == 1
    # Odoo 18 and older do not write this into the database for a manifest without `depends`.
    assert "select name, 'base' from ir_module_module" in undeclared_names_query(["evv_core"])
    with pytest.raises(AssertionError):
        undeclared_names_query(["x'); drop table"])


@pytest.mark.parametrize("target", ["/dev/zero", "gone.py", "/etc"])
def test_sources_that_cannot_be_read_are_no_proof_that_all_is_declared(tmp_path: Path, target: str) -> None:
    (tmp_path / "evv_core").mkdir()
    (tmp_path / "evv_core" / "x.py").symlink_to(target)
    (use,) = undeclared_uses_in({"evv_core": tmp_path / "evv_core"}, parse_undeclared_names(ANSWER))
    assert use.startswith("not all sources of evv_core can be read: ")


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "(" * 3000 + "user.sms" + ")" * 3000,
        "x = " + "+".join(["'sms'"] * 3000),
        "x = " + "not " * 5000 + "user.sms",
        "x = user" + ".sms" * 3000,
        "x = " + repr(repr(repr(repr(repr(repr("user['sms']")))))),
        "x = 'sms' if " + "[" * 90 + "]" * 90 + " else 0",
    ],
    ids=lambda text: text[:20],
)
def test_sources_that_are_made_to_break_a_parser_are_searched_all_the_same(tmp_path: Path, text: str) -> None:
    assert mentions(tmp_path, model_py=text) != []


def test_entities_are_never_expanded(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 20))
    bomb = f'<!DOCTYPE x [<!ENTITY e0 "sms">{entities}]><odoo><field name="x">&e19;</field></odoo>'
    assert mentions(tmp_path, views_xml=bomb) != []
    (tmp_path / "deep").mkdir()
    assert mentions(tmp_path / "deep", views_xml="<a>" * 100_000 + "sms") != []
    (tmp_path / "other").mkdir()
    assert (
        mentions(tmp_path / "other", views_xml='<!DOCTYPE x SYSTEM "file:///dev/zero"><odoo><field name="sms"/></odoo>') != []
    )
