"""The table of medical entries behind Django and its REST framework, in the usual way and with what
costs them nothing switched off: no sessions, no middleware, no debugging, connections that stay."""
import os

import django
from django.conf import settings

NAME, PORT, PASSWORD = os.environ["DATABASE"].split()
settings.configure(
    SECRET_KEY="of a measurement", ALLOWED_HOSTS=["*"], ROOT_URLCONF="urls", MIDDLEWARE=[],
    INSTALLED_APPS=["rest_framework"], USE_TZ=True, LOGGING_CONFIG=None,
    DATABASES={"default": {
        "ENGINE": "django.db.backends.postgresql", "NAME": NAME, "USER": "mamparo",
        "PASSWORD": PASSWORD, "HOST": "127.0.0.1", "PORT": PORT, "CONN_MAX_AGE": None}},
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [], "DEFAULT_PERMISSION_CLASSES": [],
        "UNAUTHENTICATED_USER": None,
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"]})
django.setup()

# pylint: disable=wrong-import-position
from django.core.wsgi import get_wsgi_application  # noqa: E402

application = get_wsgi_application()
