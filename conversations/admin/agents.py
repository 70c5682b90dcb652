from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from agents import links
from agents.models import Agent
from conversations import handling, live
from conversations.models import MiniProgram, Seat

from .base import PlainAdmin


class SeatedForm(forms.ModelForm):
    """An agent, and the mini programs whose conversations they see."""

    seats = forms.ModelMultipleChoiceField(
        MiniProgram.objects.all(),
        required=False,
        label=capfirst(gettext_lazy("seats")),
        help_text=gettext_lazy(
            "The mini programs whose conversations they see. Supervisors see all."
        ),
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if needs_no_seats(self.instance):
            del self.fields["seats"]
            return
        taken = MiniProgram.objects.all()
        if self.instance.pk:
            taken = taken.filter(seats__agent=self.instance)
        self.initial["seats"] = list(taken.values_list("pk", flat=True))


def needs_no_seats(agent: Agent | None) -> bool:
    """Whether there is nothing to choose: one mini program, and the agent sits there."""
    if not MiniProgram.objects.is_one():
        return False
    return agent is None or not agent.pk or Seat.objects.filter(agent=agent).exists()


class NewAgentForm(SeatedForm):
    class Meta:
        model = Agent
        fields = ["username", "display_name", "language", "is_staff"]


class AgentForm(SeatedForm):
    class Meta:
        model = Agent
        fields = ["display_name", "language", "is_active", "is_staff"]


@admin.register(Agent)
class AgentAdmin(PlainAdmin):
    """Who answers. Nobody is deleted: what they wrote stays theirs.

    No password passes through a supervisor's hands: whoever is new, or has forgotten
    it, gets a link that works once.
    """

    list_display = ["name", "username", "supervises", "language", "works", "last_login"]
    list_filter = ["is_active", "is_staff"]
    search_fields = ["username", "display_name"]
    ordering = ["-is_active", "username"]
    actions_detail = ["new_link"]

    def get_form(
        self, request: HttpRequest, obj: Agent | None = None, **kwargs: Any
    ) -> type[forms.ModelForm]:
        form = AgentForm if obj else NewAgentForm
        return super().get_form(request, obj, **{**kwargs, "form": form})

    def get_fields(self, request: HttpRequest, obj: Agent | None = None) -> list[str]:
        seats = [] if needs_no_seats(obj) else ["seats"]
        if obj is None:
            return [*NewAgentForm.Meta.fields, *seats]
        return ["username", *AgentForm.Meta.fields, *seats, "last_login"]

    def get_readonly_fields(
        self, request: HttpRequest, obj: Agent | None = None
    ) -> list[str]:
        if obj is None:
            return []
        # Supervisors decide on each other, not on themselves: one is always left.
        own = ["is_active", "is_staff"] if obj == request.user else []
        return ["username", "last_login", *own]

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and db_field.name == "is_staff":
            field.label = capfirst(_("supervisor"))
            field.help_text = _("Enters the admin and sees and changes everything.")
        if field and db_field.name == "is_active":
            field.label = capfirst(_("works here"))
            field.help_text = _(
                "Switched off, they are signed out and their conversations wait again."
            )
        return field

    @admin.display(description=gettext_lazy("name"), ordering="display_name")
    def name(self, agent: Agent) -> str:
        return agent.name

    @admin.display(
        description=gettext_lazy("supervisor"), boolean=True, ordering="is_staff"
    )
    def supervises(self, agent: Agent) -> bool:
        return agent.is_staff

    @admin.display(
        description=gettext_lazy("works here"), boolean=True, ordering="is_active"
    )
    def works(self, agent: Agent) -> bool:
        return agent.is_active

    def has_change_permission(
        self, request: HttpRequest, obj: Agent | None = None
    ) -> bool:
        """A superuser, made on the machine, is above supervisors."""
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def save_model(
        self, request: HttpRequest, obj: Agent, form: Any, change: bool
    ) -> None:
        if not change:
            obj.set_unusable_password()
        with live.recording():
            super().save_model(request, obj, form, change)
            self._seat(obj, form, change)
            if change and {"is_active", "is_staff", "seats"} & set(form.changed_data):
                obj.shut_out()
            if not obj.is_active:
                handling.hand_back(obj)

    def _seat(self, agent: Agent, form: Any, change: bool) -> None:
        if "seats" not in form.cleaned_data:
            if not change:
                Seat.objects.give_all_to(agent)
            return
        chosen = form.cleaned_data["seats"]
        Seat.objects.filter(agent=agent).exclude(mini_program__in=chosen).delete()
        Seat.objects.bulk_create(
            [Seat(agent=agent, mini_program=one) for one in chosen],
            ignore_conflicts=True,
        )

    def response_add(
        self, request: HttpRequest, obj: Agent, post_url_continue: Any = None
    ) -> HttpResponse:
        return self._show_link(request, obj)

    @action(description=gettext_lazy("New set-password link"), icon="link")
    def new_link(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask first: the older link dies, and the agent's sockets close."""
        agent = self.get_object(request, object_id)
        if agent is None:
            raise Http404
        if not self.has_change_permission(request, agent) or not agent.is_active:
            raise PermissionDenied
        if request.method != "POST":
            return self._page(request, agent, link="")
        self.log_change(request, agent, _("New set-password link"))
        return self._show_link(request, agent)

    def _show_link(self, request: HttpRequest, agent: Agent) -> HttpResponse:
        """Show the link in this answer only; nothing keeps it."""
        return self._page(request, agent, links.new_link(agent))

    def _page(self, request: HttpRequest, agent: Agent, link: str) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Link for %(name)s") % {"name": agent.name},
            "opts": self.opts,
            "agent": agent,
            "link": link,
        }
        return render(request, "admin/agent_link.html", context)
