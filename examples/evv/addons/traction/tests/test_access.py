# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import TractionCommon


@tagged("post_install", "-at_install")
class TestAccess(TractionCommon):
    def test_user_reads_all_rocks_and_changes_his_own(self):
        rock_of_leader = self._create_rock(owner_id=self.leader.id)
        self.rock.with_user(self.user).state = "off_track"
        self.assertEqual(self.rock.state, "off_track")
        as_user = rock_of_leader.with_user(self.user)
        self.assertEqual(as_user.name, "Rock")
        with self.assertRaises(AccessError):
            as_user.state = "off_track"
        with self.assertRaises(AccessError):
            as_user.milestone_ids = [Command.create({"name": "Milestone"})]

    def test_leader_changes_and_deletes_all_rocks(self):
        with self.assertRaises(AccessError):
            self.rock.with_user(self.user).unlink()
        self.rock.with_user(self.leader).state = "dropped"
        self.rock.with_user(self.leader).unlink()
        self.assertFalse(self.rock.exists())
