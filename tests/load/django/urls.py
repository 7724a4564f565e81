"""/entries/ and /entries/<id>/, of what the replica keeps of a record; POST /written/, as the write
side keeps one."""
import json
import uuid

from django.db import models
from django.urls import path
from django.utils import timezone
from rest_framework import generics, pagination, serializers


class Entry(models.Model):
    id = models.UUIDField(primary_key=True)
    version = models.BigIntegerField()
    deleted = models.BooleanField()
    created_at = models.DateTimeField()
    title = models.TextField()
    body = models.TextField()

    class Meta:
        managed = False
        app_label = "entries"
        db_table = 'medical"."entries'
        ordering = ["-created_at", "-id"]


class EntrySerializer(serializers.ModelSerializer):
    content = serializers.SerializerMethodField()

    class Meta:
        model = Entry
        fields = ["id", "version", "title", "content", "created_at"]

    def get_content(self, entry):
        return json.loads(entry.body)["content"]


class Pages(pagination.PageNumberPagination):
    page_size_query_param = "page_size"


class Entries(generics.ListAPIView):
    serializer_class = EntrySerializer
    pagination_class = Pages

    def get_queryset(self):
        entries = Entry.objects.filter(deleted=False)
        title = self.request.query_params.get("title")
        return entries.filter(title=title) if title else entries


class One(generics.RetrieveAPIView):
    queryset = Entry.objects.filter(deleted=False)
    serializer_class = EntrySerializer


class Written(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    version = models.BigIntegerField(default=1)
    deleted = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    body = models.TextField()

    class Meta:
        managed = False
        app_label = "written"
        db_table = 'medical"."entries'


class WrittenSerializer(serializers.Serializer):
    title = serializers.CharField(min_length=1, max_length=200)
    content = serializers.CharField(default="", allow_blank=True)

    def create(self, validated_data):
        return Written.objects.create(body=json.dumps(validated_data))

    def to_representation(self, instance):
        return {"id": str(instance.id), "version": instance.version,
                "created_at": instance.created_at.isoformat(), **json.loads(instance.body)}


class Write(generics.CreateAPIView):
    serializer_class = WrittenSerializer


urlpatterns = [path("entries/", Entries.as_view()), path("entries/<uuid:pk>/", One.as_view()),
               path("written/", Write.as_view())]
