"""Which admin site Django loads; apart, because settings name it before models exist."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class SupervisorAdminConfig(AdminConfig):
    default_site = "console.admin_site.SupervisorSite"
